/**
 * How fast rules are built and rendered: part of `deno task bench`.
 *
 * @module
 */
import { buildRuleset } from "../build.ts";
import { renderRestore } from "../render.ts";
import { exampleConfig, exampleDns, exampleFacts } from "./examples.ts";

/**
 * Builds and renders the default ruleset with all DNS captured, for both families in turn, for `ms`
 * milliseconds; gives the rulesets a second (each family counts as one).
 */
export function rulesetsPerSecond(ms: number): number {
  const config = exampleConfig({ dns: exampleDns({ enabled: true, captureAll: true }) });
  const facts = [exampleFacts("ipv4"), exampleFacts("ipv6")];
  const start = performance.now();
  let count = 0;
  let bytes = 0;
  let elapsed = 0;
  while (elapsed < ms) {
    for (const one of facts) {
      bytes += renderRestore(buildRuleset(config, one)).length;
      count++;
    }
    elapsed = performance.now() - start;
  }
  // The texts are looked at, so that no compiler may leave their making out.
  return bytes > 0 ? count / (elapsed / 1000) : 0;
}
