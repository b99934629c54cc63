/**
 * Sends one real connection and sees where it goes.
 *
 * @module
 */
import type { Packet } from "core/rules/packet.ts";
import { errnoText } from "../libc.ts";
import { type Listener, listeners } from "../listeners.ts";
import { ConntrackNews, type NewFlow } from "./conntrack_news.ts";
import { ProbeSocket } from "./probe_socket.ts";

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

/**
 * Sends the packet, as its user: for TCP the beginning of a connection, for UDP a query of DNS. Blocks for two seconds at
 * most.
 *
 * @param from bind to the packet's source and port, since a person named them
 * @throws {KumaError} `KUMA-TP-046` it cannot be sent, `KUMA-TP-210` the kernel gives no news of conntrack.
 */
export function sendProbe(packet: Packet, from: boolean): Probe {
  using news = new ConntrackNews();
  using socket = new ProbeSocket(packet.family, packet.protocol, packet.uid);
  if (from) socket.bind({ address: packet.source, port: packet.sourcePort });
  const end = { address: packet.destination, port: packet.destinationPort };
  const begun = socket.connect(end);
  const refused = begun < 0 || packet.protocol === "tcp" ? begun : socket.send(QUERY);
  const { port } = socket.local;
  const flow = news.next(
    ({ protocol, original }) => protocol === packet.protocol && original.sourcePort === port,
    SEEN_MS,
  );
  const answer = answerText(packet, refused < 0 ? refused : socket.answer(ANSWER_MS));
  return { ...wentOf(packet, flow), answer, listeners: listening(packet, flow) };
}

function wentOf({ destination, destinationPort }: Packet, flow: NewFlow | undefined) {
  if (flow === undefined) return { went: "unseen" } as const;
  const { reply: { source: address, sourcePort: port }, zone } = flow;
  const same = address === destination && port === destinationPort;
  return { went: same ? "left alone" : "redirected", to: { address, port }, zone } as const;
}

function answerText({ protocol }: Packet, result: number | undefined): string {
  if (result === undefined) return "unanswered";
  if (result < 0) return errnoText(result);
  return protocol === "tcp" ? "accepted" : "answered";
}

function listening({ protocol, destination }: Packet, flow: NewFlow | undefined): number[] {
  if (flow === undefined) return [];
  const { sourcePort: port, source } = flow.reply;
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
