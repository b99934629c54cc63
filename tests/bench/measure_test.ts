import assert from "node:assert/strict";
import { measure, measureInTurn, percentile, runOrFail } from "./measure.ts";

Deno.test("percentile picks the figure below which that share lies", () => {
  const figures = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  assert.equal(percentile(figures, 0.5), 6);
  assert.equal(percentile(figures, 0.95), 10);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

Deno.test("measure counts the runs it was asked for and leaves out the warm-ups", async () => {
  const figures = await measure({ argv: ["true"] }, { runs: 4, warmUps: 1, memoryRuns: 0 });
  assert.equal(figures.ms.length, 4);
  assert.equal(figures.rssMiB, undefined);
});

Deno.test("measureInTurn measures each subject as often as the others", async () => {
  const seen: string[] = [];
  const subject = (name: string) => ({
    argv: [],
    prepare: () => {
      seen.push(name);
      return Promise.resolve({ argv: ["true"], dispose: () => Promise.resolve() });
    },
  });
  const figures = await measureInTurn({ a: subject("a"), b: subject("b") }, 3);
  assert.equal(figures["a"]?.ms.length, 3);
  assert.equal(figures["b"]?.ms.length, 3);
  assert.deepEqual(seen.slice(0, 4), ["a", "b", "a", "b"]);
});

Deno.test("runOrFail quotes what a failing program said", async () => {
  await assert.rejects(runOrFail(["ls", "/no/such/place"]), /ended with \d.*no\/such\/place/);
});
