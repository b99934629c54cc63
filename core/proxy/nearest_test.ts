import assert from "node:assert/strict";
import { editDistance, nearest } from "./nearest.ts";

Deno.test("the nearest name is the one with the fewest edits, in any case", () => {
  assert.equal(nearest("WIAT", ["retry", "wait", "waitInterval"]), "wait");
  assert.equal(nearest("x", []), undefined);
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance("", "abc"), 3);
});
