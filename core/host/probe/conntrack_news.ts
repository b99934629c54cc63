/**
 * What conntrack takes up in the network namespace that the main thread is in, told by the kernel itself as it happens:
 * the one place that knows where a packet was sent and where it went, whoever rewrote it and whether anybody answers.
 *
 * @module
 */
import { addressText } from "core/bpf/address.ts";
import { attributesOf, type Bytes } from "core/rules/nft/wire.ts";
import { openNetfilter } from "../nftables/netlink_calls.ts";

/** One end of a flow to the other. */
export interface FlowTuple {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** A flow that began. */
export interface NewFlow {
  readonly protocol: "tcp" | "udp";
  /** As it was sent. */
  readonly original: FlowTuple;
  /** As answers come: its source is where the flow really goes. */
  readonly reply: FlowTuple;
  /** Conntrack zone; 0 for none. */
  readonly zone: number;
}

/** `NFNLGRP_CONNTRACK_NEW` of linux/netfilter/nfnetlink_compat.h. */
const NEW_FLOWS = 1;
/** `NFNL_SUBSYS_CTNETLINK` with `IPCTNL_MSG_CT_NEW`. */
const NEW_FLOW = 1 << 8;
/** `enum ctattr_type`, `ctattr_tuple`, `ctattr_ip`, `ctattr_l4proto` of linux/netfilter/nfnetlink_conntrack.h. */
const CTA = { ORIGINAL: 1, REPLY: 2, ZONE: 18 } as const;
const TUPLE = { IP: 1, PROTOCOL: 2 } as const;
const IP = { V4: [1, 2], V6: [3, 4] } as const;
const L4 = { NUMBER: 1, SOURCE: 2, DESTINATION: 3 } as const;
const PROTOCOLS: Readonly<Record<number, "tcp" | "udp">> = { 6: "tcp", 17: "udp" };
/** struct nlmsghdr and struct nfgenmsg. */
const HEAD = 16, FULL_HEAD = 20;

/** Listens from now on; dispose of it. */
export class ConntrackNews implements Disposable {
  readonly #calls = openNetfilter(NEW_FLOWS);

  /** The next flow that `wanted` takes; undefined where none came within `milliseconds`. Blocks. */
  next(wanted: (flow: NewFlow) => boolean, milliseconds: number): NewFlow | undefined {
    const end = performance.now() + milliseconds;
    for (;;) {
      const left = end - performance.now();
      const datagram = left > 0 ? this.#calls.receive(Math.ceil(left)) : undefined;
      const found = datagram === undefined ? undefined : flowsOf(datagram).find(wanted);
      if (found !== undefined) return found;
      if (performance.now() >= end) return undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#calls.close();
  }
}

/** The flows that a datagram of the kernel tells of. */
function flowsOf(datagram: Bytes): NewFlow[] {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  const flows: NewFlow[] = [];
  for (let at = 0; at + HEAD <= datagram.length;) {
    const length = view.getUint32(at, true);
    if (length < HEAD || at + length > datagram.length) break;
    const flow = view.getUint16(at + 4, true) === NEW_FLOW
      ? flowOf(datagram.slice(at + FULL_HEAD, at + length))
      : undefined;
    if (flow !== undefined) flows.push(flow);
    at += (length + 3) & ~3;
  }
  return flows;
}

function flowOf(body: Bytes): NewFlow | undefined {
  const attributes = attributesOf(body);
  const original = tupleOf(attributes.get(CTA.ORIGINAL)),
    reply = tupleOf(attributes.get(CTA.REPLY));
  const protocol = PROTOCOLS[original?.protocol ?? 0];
  if (original === undefined || reply === undefined || protocol === undefined) return undefined;
  const zone = attributes.get(CTA.ZONE);
  return {
    protocol,
    original: original.tuple,
    reply: reply.tuple,
    zone: zone === undefined ? 0 : portOf(zone),
  };
}

function tupleOf(bytes: Bytes | undefined): { protocol: number; tuple: FlowTuple } | undefined {
  if (bytes === undefined) return undefined;
  const parts = attributesOf(bytes);
  const ip = attributesOf(parts.get(TUPLE.IP) ?? new Uint8Array(0));
  const l4 = attributesOf(parts.get(TUPLE.PROTOCOL) ?? new Uint8Array(0));
  const [from, to] = ip.has(IP.V4[0]) ? IP.V4 : IP.V6;
  const source = ip.get(from), destination = ip.get(to);
  const [sourcePort, destinationPort] = [l4.get(L4.SOURCE), l4.get(L4.DESTINATION)];
  if (!source || !destination || !sourcePort || !destinationPort) return undefined;
  return {
    protocol: l4.get(L4.NUMBER)?.[0] ?? 0,
    tuple: {
      source: textOf(source),
      destination: textOf(destination),
      sourcePort: portOf(sourcePort),
      destinationPort: portOf(destinationPort),
    },
  };
}

function textOf(bytes: Bytes): string {
  return bytes.length === 4 ? bytes.join(".") : addressText(bytes);
}

function portOf(bytes: Bytes): number {
  return (bytes[0] ?? 0) << 8 | (bytes[1] ?? 0);
}
