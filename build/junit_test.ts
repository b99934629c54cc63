import assert from "node:assert/strict";
import { join } from "node:path";
import { run, withTempDir } from "./io.ts";
import { addCounts, countReport, countsLine } from "./junit.ts";

const FILES: Record<string, string> = {
  "steps_test.ts": `
    Deno.test("one", async (t) => { await t.step("a > b", async (u) => { await u.step("c", () => {}); }); });
    Deno.test("two > x", () => {});
    Deno.test({ name: "three <\\"&", ignore: true, fn: () => {} });
    Deno.test("<failure/> <testcase >", () => {});
    Deno.test("bad", async (t) => { await t.step("s", () => { throw new Error("<skipped/>"); }); });`,
  "load_test.ts": `throw new Error("cannot load");`,
  "late_test.ts": `
    Deno.test("leaks", () => { setTimeout(() => { throw new Error("late"); }, 0); });
    Deno.test("waits", async () => { await new Promise((done) => setTimeout(done, 50)); });`,
};

Deno.test("a real report: whole tests are counted, steps are not, a file that cannot load fails", async () => {
  await withTempDir(async (dir) => {
    for (const [name, text] of Object.entries(FILES)) {
      await Deno.writeTextFile(join(dir, name), text);
    }
    const names = Object.keys(FILES);
    const args = ["test", "--no-check", "--no-config", "--junit-path=report.xml", ...names];
    assert.equal((await run(Deno.execPath(), args, { cwd: dir })).code, 1);
    const xml = await Deno.readTextFile(join(dir, "report.xml"));
    const counts = countReport(xml, names.map((name) => `./${name}`));
    assert.deepEqual(counts, { passed: 3, failed: 4, skipped: 1 });
  });
});

Deno.test("without a report every file has failed", () => {
  assert.deepEqual(countReport("", ["./a_test.ts", "./b_test.ts"]), {
    passed: 0,
    failed: 2,
    skipped: 0,
  });
});

Deno.test("counts add up to one line", () => {
  const one = { passed: 1, failed: 2, skipped: 3 };
  assert.equal(countsLine(addCounts(one, one)), "2 passed, 4 failed, 6 skipped");
});
