/**
 * Events of the programs in words.
 *
 * @module
 */
import { addressText } from "./address.ts";
import { verdictWord } from "./counters.ts";
import { EVENT, HOOKS, VERDICTS } from "./layout.ts";

/** One event, for a log. */
export interface EventWords {
  /** Cookie of the pod's network namespace. */
  readonly netns: bigint;
  /** Whether somebody should look at it. */
  readonly error: boolean;
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

/** What each verdict means, as a sentence about a connection. */
const MESSAGES: Readonly<Record<keyof typeof VERDICTS, string>> = {
  VERDICT_OUTBOUND: "given to the sidecar's outbound port",
  VERDICT_INBOUND_LOCAL: "from the sidecar to its own pod, given to the inbound port",
  VERDICT_DNS: "given to the sidecar's DNS port",
  VERDICT_PASS_EXCLUDED: "left alone: excluded by port, address or user",
  VERDICT_PASS_SIDECAR: "left alone: the sidecar's own",
  VERDICT_PASS_LOCAL: "left alone: it stays in the pod",
  VERDICT_PASS_OFF: "left alone: this direction, family, port or server is not redirected",
  VERDICT_INBOUND: "from outside, given to the sidecar's inbound port",
  VERDICT_PASS_INBOUND: "from outside, left alone",
  VERDICT_DIRECT: "the sidecar accepted a connection that nobody redirected",
  VERDICT_DROP_NO_PROXY: "dropped: nobody listens on the sidecar's inbound port",
  VERDICT_DROP_CUT: "dropped: the beginning of the connection came in fragments",
  VERDICT_DROP_REUSE: "dropped: a connection with the same ends has just been closed",
  VERDICT_ERROR_ASSIGN: "dropped: the kernel did not give it to the sidecar",
  VERDICT_ERROR_LOST: "no memory to tell the sidecar where it was going",
  VERDICT_ERROR_MEMORY: "refused: no memory to remember where it was going",
  VERDICT_EVENT_LOST: "events were lost: nobody read them in time",
};

const PROTOCOLS: Readonly<Record<number, string>> = { 6: "tcp", 17: "udp" };
const FROM_OUTSIDE: ReadonlySet<number> = new Set([HOOKS.HOOK_INGRESS, HOOKS.HOOK_ESTABLISHED]);

/** Reads a record of the ring `events`; undefined for one of a form that is not known. */
export function eventWords(bytes: Uint8Array): EventWords | undefined {
  if (bytes.length < EVENT.size) return undefined;
  const event = EVENT.decode(bytes);
  const verdict = verdictWord(event.verdict);
  const known = Object.entries(VERDICTS).find(([, number]) => number === event.verdict)?.[0];
  if (verdict === undefined || known === undefined) return undefined;
  const peered = FROM_OUTSIDE.has(event.hook);
  return {
    netns: event.netns,
    error: /^(drop|error|event)-/.test(verdict),
    message: MESSAGES[known as keyof typeof VERDICTS],
    fields: {
      verdict,
      protocol: PROTOCOLS[event.protocol] ?? `protocol ${event.protocol}`,
      ...(peered ? { from: endpoint(event.peer, event.peer_port) } : { uid: event.uid }),
      to: endpoint(event.address, event.port),
      ...(event.error === 0 ? {} : { errno: event.error }),
    },
  };
}

function endpoint(address: Uint8Array, port: number): string {
  const text = addressText(address);
  return text.includes(":") ? `[${text}]:${port}` : `${text}:${port}`;
}
