/**
 * Whether the proxy's ports are free.
 *
 * @module
 */
import { BEFORE_SECTIONS } from "core/check/host_before.ts";
import { failed, ok, type Outcome } from "core/check/outcome.ts";
import { type Section, section } from "core/check/run.ts";
import type { HostSubject } from "./subject.ts";

/** The section. */
export function portsSection(subject: HostSubject): Section {
  const { inbound, outbound, dns } = subject.document.redirect;
  return section("ports", BEFORE_SECTIONS.ports, {
    "port-inbound": () => isFree(subject, inbound, ["tcp"]),
    "port-outbound": () => isFree(subject, outbound, ["tcp"]),
    "port-dns": () => isFree(subject, dns, ["tcp", "udp"]),
  });
}

async function isFree(
  { listeners, resolved }: HostSubject,
  { enabled, port }: { readonly enabled: boolean; readonly port: number },
  protocols: readonly ("tcp" | "udp")[],
): Promise<Outcome | undefined> {
  if (!enabled) return undefined;
  const uid = (await resolved().catch(() => undefined))?.uid;
  const there = (await listeners()).filter((one) =>
    one.port === port && protocols.includes(one.protocol)
  );
  const others = there.filter((one) => one.uid !== uid);
  if (others.length === 0) return ok(`${port}${there.length > 0 ? ", kuma-dp's already" : ""}`);
  const lines = others.map((one) =>
    `user ${one.uid} listens on ${one.protocol.toUpperCase()} port ${port} (${one.family})`
  );
  return failed([...new Set(lines)]);
}
