/**
 * Whether those listen whom traffic is redirected to.
 *
 * @module
 */
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { Intercepted } from "core/rules/counted.ts";
import { type Listener, listeners } from "../listeners.ts";

/** What was found. */
export interface ListenersFit {
  readonly listeners: readonly Listener[];
  readonly misfits: readonly string[];
  readonly notes: readonly string[];
}

interface Target {
  readonly name: keyof Intercepted;
  readonly port: number;
  readonly protocols: readonly Listener["protocol"][];
}

/** Listeners at the ports that `document` redirects to. */
export function listenersOf(document: TransparentProxyConfig): Listener[] {
  const ports = targetsOf(document);
  return listeners().filter(({ port, protocol }) =>
    ports.some((target) => target.port === port && target.protocols.includes(protocol))
  );
}

function targetsOf({ redirect: { inbound, outbound, dns } }: TransparentProxyConfig): Target[] {
  return [
    ...inbound.enabled
      ? [{ name: "inbound", port: inbound.port, protocols: ["tcp"] } as const]
      : [],
    ...outbound.enabled
      ? [{ name: "outbound", port: outbound.port, protocols: ["tcp"] } as const]
      : [],
    ...dns.enabled ? [{ name: "dns", port: dns.port, protocols: ["udp", "tcp"] } as const] : [],
  ];
}

/**
 * Compares. That nobody listens yet is only noted: the rules come before the sidecar; but where something was
 * redirected there, it was refused.
 *
 * @param uid the sidecar's, whose own traffic the rules leave alone
 * @param counts what was redirected; undefined where that is not known
 */
export function listenersFit(
  document: TransparentProxyConfig,
  uid: number,
  counts: Intercepted | undefined,
): ListenersFit {
  const found = listenersOf(document);
  const misfits: string[] = [];
  const unused: number[] = [];
  for (const { name, port, protocols } of targetsOf(document)) {
    const here = found.filter((one) => one.port === port && protocols.includes(one.protocol));
    const count = counts?.[name] ?? 0;
    if (here.length === 0) {
      if (count === 0) unused.push(port);
      else {
        const were = count === 1 ? "1 connection was" : `${count} connections were`;
        misfits.push(`nobody listens on port ${port}, and ${were} redirected to it`);
      }
    }
    const strangers = new Set(here.filter((one) => one.uid !== uid).map((one) => one.uid));
    for (const other of strangers) {
      misfits.push(
        `user ${other} listens on port ${port}, and not user ${uid}: what it sends is redirected to itself`,
      );
    }
  }
  const ports = unused.length === 1 ? `port ${unused[0]}` : `the ports ${unused.join(", ")}`;
  const notes = unused.length === 0 ? [] : [`nobody listens on ${ports}: is kuma-dp running?`];
  return { listeners: found, misfits, notes };
}
