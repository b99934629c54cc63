/**
 * A real connection beside its explanation.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { type Probe, type ProbeRoute, probeRoute, sendProbe } from "core/host/probe/probe.ts";
import type { ExplainedPacket } from "core/rules/explain.ts";
import type { Packet } from "core/rules/packet.ts";
import type { ProbeResult, RulesThere } from "./document.ts";
import { LOOPBACK } from "./explained.ts";
import type { PacketSubject } from "./subject.ts";

/**
 * How the packet would leave.
 *
 * @throws {KumaError} `KUMA-TP-046` it cannot be sent: it arrives, nothing is looked at, there is no way to it.
 */
export function routeOfProbe({ place }: PacketSubject, packet: Packet): ProbeRoute {
  if (packet.hook !== "output") throw unable("what arrives is sent by others: --direction out");
  if (place === undefined) {
    throw unable("these settings are in no network namespace that is looked at: give --netns");
  }
  if (packet.protocol === "udp" && packet.destinationPort !== 53) {
    throw unable("over UDP only DNS, at port 53, is probed");
  }
  const route = probeRoute(packet, LOOPBACK);
  if (route === undefined) throw unable(`there is no route to ${packet.destination}`);
  return route;
}

/** Sends it. Throws as `sendProbe` does. */
export function probed(
  { explained, there, uid }: {
    readonly explained: ExplainedPacket;
    readonly there: RulesThere | undefined;
    /** User who runs this. */
    readonly uid: number;
  },
  from: boolean,
): ProbeResult {
  const { packet } = explained;
  const bySocket = there?.backends.includes("eBPF") === true;
  if (bySocket && packet.uid !== uid) {
    throw unable(
      "eBPF programs look at who runs this, and not at whose socket it is: leave out --uid",
    );
  }
  const probe = sendProbe(packet, { from, bySocket });
  if (bySocket && probe.went === "unseen") {
    throw unable(`it was over before its socket could be looked at: ${probe.answer}`);
  }
  return { ...probe, asExplained: asExplained(explained, probe, there) };
}

/** Whether what was seen is what was said. */
export function asExplained(
  { outcome, port, zone, packet }: ExplainedPacket,
  probe: Probe,
  there: RulesThere | undefined,
): boolean {
  const tracked = there === undefined || there.backends.length > 0;
  // Where nothing of ours is, nobody may track connections.
  if (probe.went === "unseen") return outcome === "dropped" || outcome === "left alone" && !tracked;
  if (outcome === "dropped" || probe.went !== outcome) return false;
  const zoned = packet.protocol !== "udp" || there?.backends.includes("eBPF") === true ||
    (zone ?? 0) === (probe.zone ?? 0);
  return zoned && (outcome === "left alone" || probe.to?.port === port);
}

function unable(why: string): KumaError {
  return new KumaError("KUMA-TP-046", `--probe: ${why}`);
}
