import assert from "node:assert/strict";
import { editDistance, nearest } from "./nearest.ts";

Deno.test("the nearest name is the one with the fewest edits, in any case", () => {
  assert.equal(nearest("WIAT", ["retry", "wait", "waitInterval"]), "wait");
  assert.equal(nearest("x", []), undefined);
  assert.equal(nearest("NOPE", ["KUMA-TP-001"], 0.5), undefined);
  assert.equal(nearest("TP-206", ["KUMA-TP-001", "KUMA-TP-206"], 0.5), "KUMA-TP-206");
  assert.equal(nearest("KUMA-TP-26", ["KUMA-TP-001", "KUMA-TP-206"], 0.5), "KUMA-TP-206");
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance("", "abc"), 3);
});
