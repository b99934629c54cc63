/**
 * Sends one real connection and sees where it goes.
 *
 * @module
 */
import type { Packet } from "core/rules/packet.ts";
import { errnoText } from "../libc.ts";
import { type Listener, listeners } from "../listeners.ts";
import { ConntrackNews, type NewFlow } from "./conntrack_news.ts";
import { ProbeSocket, type SocketEnd } from "./probe_socket.ts";
import { socketPeer } from "./socket_peer.ts";

/** What was seen. */
export interface Probe {
  /** `unseen`: conntrack took up no such flow: nothing tracks here, or it was dropped on its way. */
  readonly went: "redirected" | "left alone" | "unseen";
  /** Where it really went, as conntrack has it. */
  readonly to?: { readonly address: string; readonly port: number };
  /** Conntrack zone; 0 for none. */
  readonly zone?: number;
  /** `accepted`, `answered`, `unanswered`, or the kernel's words: `connection refused`. */
  readonly answer: string;
  /** Users who listen there. */
  readonly listeners: readonly number[];
}

/** Longest wait for the kernel to say that it has seen it, and for an answer, in milliseconds. */
const SEEN_MS = 1000, ANSWER_MS = 500;

/** How this host would send the packet, where nobody says it. */
export interface ProbeRoute {
  readonly source: string;
  readonly iface: string;
}

/**
 * The address and interface by which the packet would leave the netns that the main thread is in. Sends nothing.
 *
 * @param loopback name of the loopback interface
 * @returns undefined where there is no way to its destination
 */
export function probeRoute(
  { family, destination, destinationPort }: Packet,
  loopback: string,
): ProbeRoute | undefined {
  using socket = new ProbeSocket(family, "udp", undefined);
  if (socket.connect({ address: destination, port: destinationPort }) < 0) return undefined;
  const source = socket.local.address;
  const own = Deno.networkInterfaces();
  // What is sent to an address of one's own leaves by loopback.
  if (own.some(({ address }) => address === destination)) return { source, iface: loopback };
  return { source, iface: own.find(({ address }) => address === source)?.name ?? loopback };
}

/** How a probe is sent. */
export interface ProbeOptions {
  /** Bind to the packet's source and port, since a person named them. */
  readonly from: boolean;
  /** Programs redirect here as a connection begins: what the socket is connected to counts, and not conntrack. */
  readonly bySocket: boolean;
}

/**
 * Sends the packet, as its user: for TCP the beginning of a connection, for UDP a query of DNS. Blocks for two seconds at
 * most.
 *
 * @throws {KumaError} `KUMA-TP-046` it cannot be sent, `KUMA-TP-210` the kernel gives no news of conntrack.
 */
export function sendProbe(packet: Packet, { from, bySocket }: ProbeOptions): Probe {
  using news = new ConntrackNews();
  using socket = new ProbeSocket(packet.family, packet.protocol, packet.uid);
  if (from) socket.bind({ address: packet.source, port: packet.sourcePort });
  const end = { address: packet.destination, port: packet.destinationPort };
  const begun = socket.connect(end);
  const refused = begun < 0 || packet.protocol === "tcp" ? begun : socket.send(QUERY);
  const { port } = socket.local;
  const mine = ({ protocol, original }: NewFlow) =>
    protocol === packet.protocol && original.sourcePort === port;
  const to = bySocket
    ? socketPeer(packet.protocol, packet.family, port)
    : endOf(news.next(mine, SEEN_MS));
  const answer = answerText(packet, refused < 0 ? refused : socket.answer(ANSWER_MS));
  return { ...wentOf(packet, to), answer, listeners: listening(packet, to) };
}

interface SeenEnd extends SocketEnd {
  readonly zone?: number;
}

function endOf(flow: NewFlow | undefined): SeenEnd | undefined {
  if (flow === undefined) return undefined;
  const { reply: { source: address, sourcePort: port }, zone } = flow;
  return { address, port, zone };
}

function wentOf({ destination, destinationPort }: Packet, seen: SeenEnd | undefined) {
  if (seen === undefined) return { went: "unseen" } as const;
  const { address, port, zone } = seen;
  const same = address === destination && port === destinationPort;
  const went = same ? "left alone" : "redirected";
  return { went, to: { address, port }, ...zone === undefined ? {} : { zone } } as const;
}

function answerText({ protocol }: Packet, result: number | undefined): string {
  if (result === undefined) return "unanswered";
  if (result < 0) return errnoText(result);
  return protocol === "tcp" ? "accepted" : "answered";
}

function listening({ protocol, destination }: Packet, seen: SeenEnd | undefined): number[] {
  if (seen === undefined) return [];
  const { port, address: source } = seen;
  // Who listens on another machine cannot be seen.
  const here = source !== destination ||
    Deno.networkInterfaces().some(({ address }) => address === source);
  const own = (one: Listener) => one.protocol === protocol && one.port === port;
  return here ? [...new Set(listeners().filter(own).map(({ uid }) => uid))] : [];
}

/** A query of DNS for the address of `localhost.` (RFC 1035, 4.1), which every server may answer by itself. */
const QUERY = new Uint8Array([
  ...[0x6b, 0x6d, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0],
  ...[9, ...new TextEncoder().encode("localhost"), 0, 0, 1, 0, 1],
]);
