import assert from "node:assert/strict";
import { missed, ratioByRounds, ratioOf, renderTable } from "./table.ts";

const figures = (...ms: number[]) => ({ ms, rssMiB: 50 });

Deno.test("ratioByRounds compares what was measured at the same time", () => {
  const slowNow = { ms: [10, 12, 40], rounds: [12, 40, 10], rssMiB: undefined };
  const other = { ms: [5, 6, 20], rounds: [6, 20, 5], rssMiB: undefined };
  assert.equal(ratioByRounds(slowNow, other), 2);
  assert.ok(Number.isNaN(ratioByRounds(slowNow, { ms: [1, 2, 3], rssMiB: undefined })));
});

Deno.test("ratioOf compares the medians", () => {
  assert.equal(ratioOf(figures(10, 20, 30), figures(5, 10, 15)), 2);
});

Deno.test("renderTable shows every row, and missed finds the row that broke its bound", () => {
  const good = { name: "fast", figures: figures(1, 2, 3), bounds: [{ text: "<= 9", kept: true }] };
  const bad = { name: "slow", figures: figures(9, 9, 9), bounds: [{ text: "<= 3", kept: false }] };
  const text = renderTable("t", [good, bad]);
  assert.match(text, /fast\s+3\s+2\.0/);
  assert.match(text, /slow.*MISSED: <= 3/);
  assert.deepEqual(missed([good, bad]), [bad]);
});
