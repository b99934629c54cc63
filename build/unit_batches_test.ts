import assert from "node:assert/strict";
import { join } from "node:path";
import { run, withTempDir } from "./io.ts";
import { batches, writeBatches } from "./unit_batches.ts";
import { countOutput } from "./counts.ts";

Deno.test("every file is in one batch or alone, neighbours together", () => {
  const paths = Array.from(
    { length: 40 },
    (_, i) => `./core/room${Math.floor(i / 15)}/${i}_test.ts`,
  );
  const files = new Map(paths.map((path) => [path, ""]));
  files.set("./core/open_test.ts", `Deno.test("x", { sanitizeResources: false }, () => {});`);
  files.set("./core/informer_test.ts", `import { test } from "./testing/scripted_informer.ts";`);
  const dealt = batches("/checkout", files);
  assert.deepEqual(dealt.alone, ["./core/open_test.ts", "./core/informer_test.ts"]);
  assert.deepEqual(dealt.batches.map(({ name }) => name), [
    "00_core_room0_test.ts",
    "01_core_room1_test.ts",
    "02_core_room2_test.ts",
  ]);
  assert.deepEqual(
    dealt.batches.map(({ text }) => text).join(""),
    paths.map((path) => `import "file:///checkout/${path.slice(2)}";\n`).join(""),
  );
});

Deno.test("a batch runs all tests of its files, and a failure names the file and the line", async () => {
  await withTempDir(async (root) => {
    await Deno.writeTextFile(join(root, "a_test.ts"), `Deno.test("fine", () => {});\n`);
    const bad = `\nDeno.test("bad", () => { throw new Error("no"); });\n`;
    await Deno.writeTextFile(join(root, "b_test.ts"), bad);
    await withTempDir(async (dir) => {
      const modules = await writeBatches(root, ["./a_test.ts", "./b_test.ts"], dir);
      assert.equal(modules.length, 1);
      const args = ["test", "--no-check", "--no-config", ...modules];
      const { code, stdout } = await run(Deno.execPath(), args, { cwd: root });
      assert.deepEqual(countOutput(stdout, code), { passed: 1, failed: 1, skipped: 0 });
      assert.match(stdout, /b_test\.ts:2:6/);
    });
  });
});

Deno.test("what draws the most cases begins first", () => {
  const files = new Map(Array.from({ length: 31 }, (_, i) => [
    `./core/room${Math.floor(i / 15)}/${i}_test.ts`,
    i === 20 ? "fc.assert(property, runs(300));" : "",
  ]));
  assert.deepEqual(batches("/checkout", files).batches.map(({ name }) => name), [
    "00_core_room1_test.ts",
    "01_core_room0_test.ts",
    "02_core_room2_test.ts",
  ]);
});
