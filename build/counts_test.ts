import assert from "node:assert/strict";
import { join } from "node:path";
import { run, withTempDir } from "./io.ts";
import { addCounts, countOutput, countsLine } from "./counts.ts";
import type { Counts } from "./counts.ts";

/** Runs real test files and counts; colours as a person's terminal would have them. */
async function countFiles(files: Record<string, string>): Promise<Counts> {
  return await withTempDir(async (dir) => {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(dir, name), text);
    }
    const args = ["test", "--no-check", "--no-config", ...Object.keys(files)];
    const env = { NO_COLOR: undefined, FORCE_COLOR: "1" };
    const { code, stdout } = await run(Deno.execPath(), args, { cwd: dir, env });
    return countOutput(stdout, code);
  });
}

const STEPS = `
  Deno.test("one", async (t) => { await t.step("a", async (u) => { await u.step("b", () => {}); }); });
  Deno.test({ name: "two", ignore: true, fn: () => {} });
  Deno.test("ok | 99 passed | 0 failed (1ms)", () => console.log("ok | 99 passed | 0 failed (1ms)"));`;

Deno.test("whole tests are counted and steps are not", async () => {
  assert.deepEqual(await countFiles({ "a_test.ts": STEPS }), { passed: 2, failed: 0, skipped: 1 });
});

Deno.test("a failed step is one failed test, a file that cannot load is one more", async () => {
  const counts = await countFiles({
    "a_test.ts": STEPS,
    "b_test.ts": `throw new Error("cannot load");`,
    "c_test.ts": `Deno.test("x", async (t) => {
      await t.step("fine", () => {});
      await t.step("bad", () => { throw new Error("bad"); });
    });`,
  });
  assert.deepEqual(counts, { passed: 2, failed: 2, skipped: 1 });
});

Deno.test("a run that dies on the way is a failure", async () => {
  const counts = await countFiles({ "a_test.ts": STEPS, "b_test.ts": `Deno.exit(0);` });
  assert.equal(counts.failed, 1);
  assert.equal(countOutput("", 0).failed, 1);
  assert.equal(countOutput("ok | 2 passed | 0 failed (1ms)\nrunning 1 test", 137).failed, 1);
  assert.equal(countOutput("ok | 2 passed | 0 failed (1ms)\n", 1).failed, 1);
});

Deno.test("every form of the summary is read", () => {
  const line = "ok | 13 passed (4 steps) | 0 failed | 1 ignored (1 step) | 3 filtered out (1m2s)\n";
  assert.deepEqual(countOutput(line, 0), { passed: 13, failed: 0, skipped: 1 });
});

Deno.test("counts add up to one line", () => {
  const one = { passed: 1, failed: 2, skipped: 3 };
  assert.equal(countsLine(addCounts(one, one)), "2 passed, 4 failed, 6 skipped");
});
