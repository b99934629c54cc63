import assert from "node:assert/strict";
import * as fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { backoffMs } from "./backoff.ts";

Deno.test("the limit doubles from one second to thirty", () => {
  const limits = [1, 2, 3, 4, 5, 6, 7, 100].map((failures) => backoffMs(failures, () => 1));
  assert.deepEqual(limits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

Deno.test("a pause lies anywhere below its limit", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), (failures) => {
      const ms = backoffMs(failures);
      return ms >= 0 && ms < 30_000;
    }),
    runs(100),
  );
});
