/**
 * Going through the computation of the rules once, for nobody, while the API server is waited for: a
 * function's first call costs its compilation, some milliseconds in all, which would else follow the
 * answer. Changes nothing outside of this process.
 *
 * @module
 */
import { effectiveUserId } from "core/host/libc.ts";
import { defaultConfig } from "core/proxy/config.ts";
import { FAMILIES } from "core/proxy/resolved.ts";
import { resolveConfig } from "core/proxy/resolve.ts";
import { buildRuleset } from "core/rules/build.ts";
import { EMPTY_STATE } from "core/rules/saved.ts";
import { planTransition } from "core/rules/transition.ts";

/** Does it; the C library is open afterwards. */
export function rehearse(): void {
  effectiveUserId();
  const document = defaultConfig();
  document.cniMode = true;
  document.redirect.dns.enabled = true;
  document.redirect.dns.captureAll = true;
  const config = resolveConfig(document, 0, () => {});
  for (const family of FAMILIES) {
    const ruleset = buildRuleset(config, {
      family,
      loopback: "lo",
      dnsServers: [],
      comments: true,
      conntrackZones: true,
      mangle: true,
      dockerOutput: false,
    });
    planTransition(EMPTY_STATE, ruleset, { known: [] });
  }
}
