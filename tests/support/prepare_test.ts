import assert from "node:assert/strict";
import { findSuites } from "build/suites.ts";
import { ROOT } from "build/task.ts";
import { PREPARATIONS, preparationsFor } from "../prepare.ts";

Deno.test("what is built beforehand is for suites that there are, and for those that are asked for", async () => {
  const known = new Set((await findSuites(ROOT)).map(({ name }) => name));
  for (const { suites } of PREPARATIONS) {
    for (const suite of suites) assert.ok(known.has(suite), suite);
  }
  const count = (...suites: string[]) => preparationsFor(suites, true).length;
  assert.deepEqual([count("kernel"), count("kube", "kernel")], [0, count("kube")]);
  assert.ok(count("kube") < count("node", "e2e") && count("node", "e2e") < PREPARATIONS.length);
  assert.equal(count(), PREPARATIONS.length);
  assert.ok(
    preparationsFor([], false).length < PREPARATIONS.length,
    "who is not root runs fewer tests",
  );
});
