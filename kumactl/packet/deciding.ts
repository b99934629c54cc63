import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { ExplainedPacket } from "core/rules/explain.ts";

/**
 * Keys of the settings that decide about a packet: those of the last rule that it met and that settings put in; of a
 * packet that meets none, those that would make one. None where it is the same whatever they say.
 */
export function decidingSettings(
  { packet, steps }: Pick<ExplainedPacket, "packet" | "steps">,
  { ipFamilyMode, redirect: { dns } }: TransparentProxyConfig,
): readonly string[] {
  const last = steps.findLast(({ why }) => !why.startsWith("log "));
  if (last !== undefined) return last.settings;
  if (ipFamilyMode !== "dualstack" && ipFamilyMode !== packet.family) return ["ipFamilyMode"];
  const query = packet.hook === "output" && packet.protocol === "udp" &&
    packet.destinationPort === 53;
  if (!query) return [];
  return dns.enabled ? ["redirect.dns.captureAll"] : ["redirect.dns.enabled"];
}
