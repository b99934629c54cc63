import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { withTempDir } from "./io.ts";
import { chooseSuites, findSuites, rowsOf } from "./suites.ts";

Deno.test("tests beside sources are one suite, each folder of tests is another", async () => {
  await withTempDir(async (root) => {
    const files = [
      "core/rules/a_test.ts",
      "cni/b_test.ts",
      "tests/kernel/deep/c_test.ts",
      "tests/build/d_test.ts",
      "tests/build/testdata/no_test.ts",
      "tests/bench/main.ts",
      "dist/e_test.ts",
    ];
    for (const file of files) {
      await Deno.mkdir(join(root, dirname(file)), { recursive: true });
      await Deno.writeTextFile(join(root, file), "");
    }
    const suites = await findSuites(root);
    assert.deepEqual(suites, [
      { name: "unit", files: ["./cni/b_test.ts", "./core/rules/a_test.ts"] },
      { name: "build", files: ["./tests/build/d_test.ts"] },
      { name: "kernel", files: ["./tests/kernel/deep/c_test.ts"] },
    ]);
    assert.deepEqual(chooseSuites(suites, ["kernel"]).map(({ name }) => name), ["kernel"]);
    assert.equal(chooseSuites(suites, []).length, 3);
    assert.throws(() => chooseSuites(suites, ["kernle"]), { code: "KUMA-BUILD-007" });
  });
});

Deno.test("suites that wait run beside the others, or the longest beside the rest of them", () => {
  const rows = (...names: string[]) => {
    const { first, front, beside, patient } = rowsOf(names.map((name) => ({ name, files: [] })));
    assert.equal(patient, !names.includes("chart"));
    return [first, front, beside].map((row) => row.map(({ name }) => name).join());
  };
  assert.deepEqual(rows("unit", "build", "chart", "e2e", "kernel", "kube", "node"), [
    "unit,build",
    "kernel,chart",
    "e2e,kube,node",
  ]);
  assert.deepEqual(rows("e2e", "node"), ["", "node", "e2e"]);
  assert.deepEqual(rows("controller", "soak"), ["", "soak", "controller"]);
  assert.deepEqual(rows("kube"), ["", "kube", ""]);
  assert.deepEqual(rows("unit"), ["unit", "", ""]);
});
