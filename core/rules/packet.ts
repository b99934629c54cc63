/**
 * The first packet of a connection, as far as rules look at it, and what becomes of it.
 *
 * @module
 */
import type { Family } from "../proxy/resolved.ts";

/** A packet that a rule may look at; only packets that open a connection reach the nat table. */
export interface Packet {
  readonly family: Family;
  /** `prerouting` for what arrives, `output` for what this host sends. */
  readonly hook: "prerouting" | "output";
  readonly protocol: "tcp" | "udp";
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** The interface that it came in by; for `output` the one that it leaves by. */
  readonly iface: string;
  /** Owner of the sending socket; undefined where there is none, as for everything that arrives. */
  readonly uid: number | undefined;
}

/** What the rules do with a packet. */
export interface Verdict {
  /** Port on this host that the connection is redirected to. */
  readonly redirect: number | undefined;
  /** Conntrack zone that it is put into. */
  readonly zone: number | undefined;
}
