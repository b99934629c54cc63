import assert from "node:assert/strict";
import { has, missing, requirement } from "./requires.ts";

function registered(lacking: Parameters<typeof requirement>[0], ci: boolean): Deno.TestDefinition {
  const seen: Deno.TestDefinition[] = [];
  requirement(lacking, ci, (definition) => seen.push(definition))("it works", () => {});
  assert.equal(seen.length, 1);
  return seen[0]!;
}

Deno.test("a test whose needs are met is registered as it is", () => {
  const test = registered([], true);
  assert.equal(test.name, "it works");
  assert.equal(test.ignore, undefined);
});

Deno.test("a missing capability skips by name on a person's machine", () => {
  const test = registered(["root", "qemu"], false);
  assert.equal(test.name, "it works [needs: root, qemu]");
  assert.equal(test.ignore, true);
});

Deno.test("a missing capability fails in CI and says what to install", () => {
  const test = registered(["qemu"], true);
  assert.equal(test.ignore, undefined);
  assert.throws(() => test.fn({} as Deno.TestContext), /qemu-user-static/);
});

Deno.test("options of a test are kept", () => {
  const seen: Deno.TestDefinition[] = [];
  const register = requirement([], false, (definition) => seen.push(definition));
  register("it works", { sanitizeResources: false }, () => {});
  assert.equal(seen[0]?.sanitizeResources, false);
});

Deno.test("the probes answer", () => {
  assert.equal(has("root"), Deno.uid() === 0);
  assert.deepEqual(missing(["root"]), Deno.uid() === 0 ? [] : ["root"]);
});
