import assert from "node:assert/strict";
import { ANNOTATIONS, CONTAINERS, LABELS, POD_ENV, REMOVED_ANNOTATIONS } from "./annotations.ts";

Deno.test("no name is listed twice, and each is one that Kubernetes takes", () => {
  const annotations = [...Object.values(ANNOTATIONS), ...REMOVED_ANNOTATIONS];
  assert.equal(new Set(annotations).size, annotations.length);
  for (const name of [...annotations, ...Object.values(LABELS)]) {
    assert.match(name, /^[a-z0-9.-]+\/(?=.{1,63}$)[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/);
  }
  for (const name of Object.values(CONTAINERS)) assert.match(name, /^kuma-[a-z]+$/);
  const variables = Object.values(POD_ENV);
  assert.equal(new Set(variables).size, variables.length);
  for (const name of variables) assert.match(name, /^[A-Z_]+$/);
});
