import assert from "node:assert/strict";
import fc from "fast-check";
import { SETTINGS } from "core/proxy/options.ts";
import { runs } from "tests/support/property.ts";
import { buildRuleset } from "./build.ts";
import { REASONS } from "./reasons.ts";
import { anyConfig, anyFacts } from "./testing/arbitraries.ts";

Deno.test("every rule that can be built has a reason, and every reason is a rule's", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anyConfig("clean"), anyFacts("clean"), (config, facts) => {
      const ruleset = buildRuleset({ ...config, comments: true }, { ...facts, comments: true });
      for (const { comment } of ruleset.tables.flatMap(({ rules }) => rules)) {
        assert(comment !== undefined && Object.hasOwn(REASONS, comment), `"${comment}"`);
        seen.add(comment);
      }
    }),
    runs(1000),
  );
  assert.deepEqual(Object.keys(REASONS).filter((comment) => !seen.has(comment)), []);
});

Deno.test("reasons name settings that exist", () => {
  const keys = new Set(SETTINGS.map(({ key }) => key));
  assert.deepEqual(Object.values(REASONS).flat().filter((key) => !keys.has(key)), []);
});
