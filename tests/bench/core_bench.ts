/**
 * How fast core turns a configuration into `iptables-restore` text.
 *
 * @module
 */
import { defaultConfig } from "core/proxy/config.ts";
import type { FamilyFacts } from "core/proxy/resolved.ts";
import { resolveConfig } from "core/proxy/resolve.ts";
import { buildRuleset } from "core/rules/build.ts";
import { renderRestore } from "core/rules/render.ts";

const FACTS: FamilyFacts = {
  family: "ipv4",
  loopback: "lo",
  dnsServers: ["10.96.0.10"],
  comments: true,
  conntrackZones: true,
  mangle: true,
  dockerOutput: false,
};

/** Default rulesets (with DNS redirection) that core builds and renders in one second. */
export function rulesetsPerSecond(milliseconds = 1000): number {
  const document = defaultConfig();
  document.redirect.dns.enabled = true;
  const resolved = resolveConfig(document, 5678);
  const until = performance.now() + milliseconds;
  let count = 0;
  let bytes = 0;
  while (performance.now() < until) {
    bytes += renderRestore(buildRuleset(resolved, FACTS)).length;
    count++;
  }
  if (bytes < count * 500) throw new Error("A ruleset came out too small to be one");
  return count / (milliseconds / 1000);
}
