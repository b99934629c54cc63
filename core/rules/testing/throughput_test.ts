import assert from "node:assert/strict";
import { rulesetsPerSecond } from "./throughput.ts";

Deno.test("core builds and renders at least 2,000 default rulesets a second", () => {
  const rate = rulesetsPerSecond(500);
  assert(rate >= 2_000, `only ${Math.round(rate)} a second`);
});
