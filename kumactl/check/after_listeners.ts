/**
 * Who takes what is redirected.
 *
 * @module
 */
import { AFTER_SECTIONS } from "core/check/host_after.ts";
import { failed, ok, type Outcome, unknown, warning } from "core/check/outcome.ts";
import { type Section, section } from "core/check/run.ts";
import type { Listener } from "core/host/listeners.ts";
import { hasPassthroughIpv6 } from "core/host/interfaces.ts";
import type { Told } from "../status_look.ts";
import type { HostSubject } from "./subject.ts";

/** The loopback addresses as /proc/net/tcp and tcp6 write them, in the byte order of the host. */
const LOOPBACK = /^(?:0{24}01000000|[0-9A-F]{6}7F)$/;

/** The section; nothing of it applies where nothing is installed. */
export function listenersSection(subject: HostSubject, told: () => Promise<Told>): Section {
  const { inbound, outbound, dns } = subject.document.redirect;
  const look = (way: Way) => async () => {
    const found = await told().catch(() => undefined);
    if (found?.status.state === "absent" || !way.enabled) return undefined;
    return await listening(subject, way, found);
  };
  return section("listeners", AFTER_SECTIONS.listeners, {
    "listens-inbound": look({ ...inbound, protocol: "tcp", fromElsewhere: true }),
    "listens-outbound": look({ ...outbound, protocol: "tcp", fromElsewhere: false }),
    "listens-dns": look({ ...dns, protocol: "udp", fromElsewhere: false }),
  });
}

/** One way of traffic, and where it is redirected to. */
interface Way {
  readonly enabled: boolean;
  readonly port: number;
  readonly protocol: Listener["protocol"];
  /** What comes in by an interface is redirected to its address. */
  readonly fromElsewhere: boolean;
}

async function listening(
  { document, listeners, resolved }: HostSubject,
  { port, protocol, fromElsewhere }: Way,
  told: Told | undefined,
): Promise<Outcome> {
  const there = (await listeners()).filter((one) => one.port === port && one.protocol === protocol);
  const place = `${protocol.toUpperCase()} port ${port}`;
  if (there.length === 0) {
    const nobody = `nobody listens on ${place}`;
    if (told !== undefined) return failed(nobody);
    return unknown(`${nobody}, and whether anything is redirected there cannot be seen`);
  }
  const uid = told?.record?.uid ?? (await resolved().catch(() => undefined))?.uid;
  if (uid === undefined) return unknown("which user runs kuma-dp is not known here");
  const wrong = [...new Set(there.map((one) => one.uid))].filter((one) => one !== uid);
  if (wrong.length > 0) {
    const who = wrong.map((one) => `user ${one}`).join(" and ");
    return failed(`${who} listens on ${place}, and kuma-dp's user is ${uid}`);
  }
  if (fromElsewhere && there.every(({ address }) => LOOPBACK.test(address))) {
    return failed(`on ${place} it takes what is sent to the loopback interface alone`);
  }
  const ipv4 = there.every(({ family }) => family === "ipv4");
  // An installation adds ::6 where it has rules for IPv6.
  if (fromElsewhere && ipv4 && document.ipFamilyMode !== "ipv4" && hasPassthroughIpv6()) {
    return warning(`on ${place} it takes IPv4 alone, and IPv6 is redirected, too`);
  }
  return ok(`user ${uid}, ${place}`);
}
