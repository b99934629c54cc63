import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { isMisleading, yamlNumber } from "./yaml_scalars.ts";

Deno.test("plain scalars are the numbers that YAML 1.1 makes of them, or none", () => {
  const cases: [string, string | undefined][] = [
    ["80", "80"],
    ["017", "15"],
    ["0o17", "15"],
    ["08", "8"],
    ["0_7", "7"],
    ["0x50", "80"],
    ["0X5_0", "80"],
    ["0b101", "5"],
    ["1_5", "15"],
    ["1_", "1"],
    ["+80", "80"],
    ["-80", "-80"],
    ["-017", "-15"],
    ["80.0", "80"],
    ["80.", "80"],
    [".5", "0.5"],
    ["8e1", "80"],
    ["1_0.5", "10.5"],
    ["0", "0"],
    ["00", "0"],
    ["18446744073709551617", "18446744073709551617"],
    ["_80", undefined],
    ["._5", undefined],
    ["0x", undefined],
    ["1:30", undefined],
    ["22,23", undefined],
    ["2s", undefined],
    ["tcp:22", undefined],
    ["-", undefined],
    ["+", undefined],
    [".", undefined],
    ["", undefined],
    ["１２", undefined],
    ["1".repeat(65), undefined],
  ];
  for (const [text, expected] of cases) assert.equal(yamlNumber(text), expected, text);
});

Deno.test("decimal digits without leading zeros are themselves", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      assert.equal(yamlNumber(String(value)), String(value));
      assert.equal(yamlNumber(`0x${value.toString(16)}`), String(value));
      assert.equal(yamlNumber(`0${value.toString(8)}`), String(value));
    }),
    runs(10_000),
  );
});

Deno.test("leading zeros mislead, zero does not", () => {
  assert.deepEqual(["017", "08", "-01", "0_7"].filter(isMisleading).length, 4);
  assert.deepEqual(["0", "00", "80", "0x50", "0.5", "x"].filter(isMisleading), []);
});
