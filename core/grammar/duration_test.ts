import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { refusal } from "./testing.ts";

Deno.test("durations in Go's form, in nanoseconds, and in quotes", () => {
  const cases: [string, number][] = [
    ["2s", 2000],
    ["300ms", 300],
    ["1m30s", 90_000],
    ["1h", 3_600_000],
    ["1.5s", 1500],
    ["250us", 0.25],
    ["250µs", 0.25],
    ["2000000000", 2000],
    ['"2s"', 2000],
    ['"2000000000"', 2000],
    ["0", 0],
    ["0s", 0],
    [" 2s ", 2000],
    // Go takes a number without its first digit, too.
    [".5s", 500],
  ];
  for (const [text, milliseconds] of cases) assert.equal(parseDuration(text), milliseconds, text);
});

Deno.test("no unit, no number, a sign, more than a day", () => {
  for (const text of ["", "s", "2", "x", "-2s", "2 s", "2sec", "25h", '"', "1e3s", "２s"]) {
    // A bare "2" is two nanoseconds, as in Go.
    if (text === "2") assert.equal(parseDuration(text), 2e-6);
    else refusal("KUMA-TP-007", () => parseDuration(text));
  }
});

Deno.test("what is written is read back", () => {
  assert.deepEqual([0, 2000, 300, 90_000, 3_661_500].map(formatDuration), [
    "0s",
    "2s",
    "300ms",
    "1m30s",
    "1h1m1.5s",
  ]);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 86_400_000 }), (milliseconds) => {
      assert.equal(parseDuration(formatDuration(milliseconds)), milliseconds);
    }),
    runs(100),
  );
});
