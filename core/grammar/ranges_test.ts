import assert from "node:assert/strict";
import { parseRange, parseRanges } from "./ranges.ts";
import { refusal } from "./testing.ts";

Deno.test("a range is one number or goes upwards", () => {
  assert.deepEqual(parseRange("80", "port"), { from: 80, to: 80 });
  assert.deepEqual(parseRange(" 80 - 90 ", "port"), { from: 80, to: 90 });
  assert.deepEqual(parseRange("0-4294967294", "UID"), { from: 0, to: 4294967294 });
  assert.deepEqual(parseRanges("1,3-4", "port"), [{ from: 1, to: 1 }, { from: 3, to: 4 }]);
});

Deno.test("half, turned, endless and foreign ranges are refused", () => {
  for (const text of ["80-", "-80", "90-80", "1-2-3", "", "65536", "a-b", "1,2"]) {
    refusal("KUMA-TP-002", () => parseRange(text, "port"));
  }
  for (const text of ["4294967295", "1000-", "root", "2-1"]) {
    refusal("KUMA-TP-004", () => parseRange(text, "UID"));
  }
  refusal("KUMA-TP-002", () => parseRanges("80,", "port"));
});

Deno.test("a bad range is refused in Kuma's words", () => {
  assert.equal(
    refusal("KUMA-TP-002", () => parseRange("80-x", "port")),
    "invalid port range: validation failed for value or range '80-x': invalid uint16 value: 'x'",
  );
});
