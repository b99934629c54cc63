import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { formatGoDuration, parseGoDuration } from "./go_duration.ts";

const FORMS: [string, string][] = [
  ["60s", "1m0s"],
  ["90s", "1m30s"],
  ["1h", "1h0m0s"],
  ["24h", "24h0m0s"],
  ["500ms", "500ms"],
  ["1.5s", "1.5s"],
  ["100us", "100µs"],
  ["0", "0s"],
  ["1h15m30.918s", "1h15m30.918s"],
  ["-1m", "-1m0s"],
  ["+5s", "5s"],
  [".5s", "500ms"],
  ["7ns", "7ns"],
  ["1.5µs", "1.5µs"],
  ["2502h", "2502h0m0s"],
  ["2562047h47m16.854775807s", "2562047h47m16.854775807s"],
  ["0.3333333333333333333h", "19m59.999999999s"],
];

for (const [given, written] of FORMS) {
  Deno.test(`a duration ${given} is written ${written}`, () => {
    assert.equal(formatGoDuration(parseGoDuration(given)), written);
  });
}

const BAD: [string, string][] = [
  ["abc", 'time: invalid duration "abc"'],
  ["", 'time: invalid duration ""'],
  ["-", 'time: invalid duration "-"'],
  ["10", 'time: missing unit in duration "10"'],
  ["1d", 'time: unknown unit "d" in duration "1d"'],
  ["1s2", 'time: missing unit in duration "1s2"'],
  [".s", 'time: invalid duration ".s"'],
  ["2562047h47m16.854775808s", 'time: invalid duration "2562047h47m16.854775808s"'],
  ["9999999999h", 'time: invalid duration "9999999999h"'],
];

for (const [given, message] of BAD) {
  Deno.test(`a duration ${JSON.stringify(given)} is refused as Go refuses it`, () => {
    assert.throws(() => parseGoDuration(given), { name: "RangeError", message });
  });
}

Deno.test("a written duration reads back as the same time", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }), (nanoseconds) => {
      assert.equal(parseGoDuration(formatGoDuration(nanoseconds)), nanoseconds);
    }),
    runs(100),
  );
});
