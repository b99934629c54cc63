import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { KumaError } from "../errors.ts";
import { PatchDraft } from "./apply.ts";
import type { JsonObject } from "./json.ts";
import { parseOperation } from "./operation.ts";

const container = (): JsonObject => ({
  name: "kuma-sidecar",
  image: "kuma-dp:2",
  gone: null,
  env: [{ name: "A", value: "1" }, { name: "B", value: "2" }],
  resources: { limits: { cpu: "1000m", memory: "512Mi", "ephemeral-storage": "1G" } },
});

function apply(raw: JsonObject, to: JsonObject = container()): JsonObject {
  const draft = new PatchDraft(to);
  draft.apply(parseOperation(raw));
  return draft.container;
}

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
    "add of a list replaces it whole",
    { op: "add", path: "/env", value: "[]" },
    { env: [] },
  ],
  [
    "add below an item counted from the end",
    { op: "add", path: "/env/-1/value", value: '"3"' },
    { env: [{ name: "A", value: "1" }, { name: "B", value: "3" }] },
  ],
  [
    "add makes an item and what it lies in",
    { op: "add", path: "/volumeMounts/-/name", value: '"v"' },
    { volumeMounts: [{ name: "v" }] },
  ],
  [
    "add below null",
    { op: "add", path: "/gone/x", value: "1" },
    { gone: { x: 1 } },
  ],
  [
    "add of a name with a slash and one with a tilde",
    { op: "add", path: "/m/a~1b~0c", value: "1" },
    { m: { "a/b~c": 1 } },
  ],
  [
    "~01 is a tilde and a one, not a slash",
    { op: "add", path: "/m/~01", value: "1" },
    { m: { "~1": 1 } },
  ],
  [
    "replace of the whole container",
    { op: "replace", path: "", value: '{"name": "n"}' },
    { name: "n", image: null, env: null, resources: null, gone: null },
  ],
  [
    "remove of the last item",
    { op: "remove", path: "/env/-1" },
    { env: [{ name: "A", value: "1" }] },
  ],
  [
    "move to the end, counted after the removal",
    { op: "move", from: "/env/0", path: "/env/-1" },
    { env: [{ name: "B", value: "2" }, { name: "A", value: "1" }] },
  ],
  [
    "copy to the end appends, as add does",
    { op: "copy", from: "/env/0", path: "/env/-1" },
    { env: [{ name: "A", value: "1" }, { name: "B", value: "2" }, { name: "A", value: "1" }] },
  ],
  [
    "move out of a list into a field",
    { op: "move", from: "/env/0/value", path: "/workingDir" },
    { env: [{ name: "A" }, { name: "B", value: "2" }], workingDir: "1" },
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
  Deno.test(`apply: ${name}`, () => {
    const before = container();
    // A null in `change` says that the container has no such field afterwards.
    const after = Object.entries({ ...container(), ...change }).filter(([, v]) => v !== null);
    const result = Object.entries(apply(raw, before)).filter(([, v]) => v !== null);
    assert.deepEqual(Object.fromEntries(result), Object.fromEntries(after));
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
  ["move from a missing field", { op: "move", from: "/no", path: "/a" }, /no such field/],
  ["an index beyond the list", { op: "add", path: "/env/5", value: "{}" }, /beyond the end/],
  ["an index far below zero", { op: "add", path: "/env/-9", value: "{}" }, /has 2 items/],
  ["add below a text", { op: "add", path: "/image/x", value: "1" }, /parent|list/],
  ["a list indexed by a name", { op: "add", path: "/env/x", value: "1" }, /indexed by a number/],
  ["a gap in a new list", { op: "add", path: "/args/2", value: '"x"' }, /it starts with 0/],
  ["a gap of gigabytes", { op: "add", path: "/args/4294967295", value: "1" }, /it starts with 0/],
  ["an index of 32 bits", { op: "add", path: "/env/4294967295", value: "{}" }, /beyond the end/],
  ["an index beyond 32", { op: "replace", path: "/env/4294967296", value: "{}" }, /beyond the end/],
  ["an index beyond doubles", { op: "remove", path: `/env/${"9".repeat(400)}` }, /beyond the end/],
  ["an index with a zero", { op: "add", path: "/env/01", value: "{}" }, /indexed by a number/],
  ["an exponent", { op: "add", path: "/env/1e0", value: "{}" }, /indexed by a number/],
  ["an empty index", { op: "add", path: "/env/", value: "{}" }, /indexed by a number/],
  ["an inherited field", { op: "remove", path: "/toString" }, /no such field/],
  ["the length of a list", { op: "copy", from: "/env/length", path: "/x" }, /indexed by a number/],
  ["remove after the end", { op: "remove", path: "/env/-" }, /nothing is there/],
  ["move of a field into itself", { op: "move", from: "/env", path: "/env/0" }, /parent does not/],
  ["copy below a scalar", { op: "copy", from: "/env", path: "/image/x" }, /parent does not/],
  ["move below null", { op: "move", from: "/image", path: "/gone/x" }, /parent does not/],
  ["the whole container by a text", { op: "replace", path: "", value: '"x"' }, /no container/],
];

for (const [name, raw, message] of FAILS) {
  Deno.test(`apply refuses ${name}`, () => {
    assert.throws(
      () => apply(raw),
      (thrown: unknown) =>
        thrown instanceof KumaError && thrown.code === "KUMA-WH-012" &&
        message.test(thrown.message),
    );
  });
}

Deno.test("apply: no operation reaches a prototype", () => {
  for (const path of ["/__proto__/x", "/constructor/prototype/x", "/a/prototype"]) {
    assert.throws(
      () => apply({ op: "add", path, value: "1" }),
      /no field of a container is called/,
    );
  }
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

Deno.test("apply: a prototype inside a value stays a plain member", () => {
  const value = '{"__proto__": {"x": 1}, "constructor": {"prototype": {"x": 1}}}';
  const draft = new PatchDraft(container());
  for (
    const raw of [
      { op: "add", path: "/m", value },
      { op: "copy", from: "/m", path: "/n" },
      { op: "move", from: "/n", path: "/o" },
      { op: "add", path: "/o/p/q", value },
    ]
  ) draft.apply(parseOperation(raw));
  const { m } = draft.container as { m: JsonObject };
  assert.deepEqual(Object.keys(m), ["__proto__", "constructor"]);
  assert.equal(Object.getPrototypeOf(m), Object.prototype);
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

Deno.test("apply: nothing is shared between containers, nor between a copy and its source", () => {
  const add = parseOperation({ op: "add", path: "/m", value: '{"a": {"b": [1]}}' });
  const first = new PatchDraft(container());
  const second = new PatchDraft(container());
  for (const draft of [first, second]) draft.apply(add);
  first.apply(parseOperation({ op: "copy", from: "/m", path: "/n" }));
  first.apply(parseOperation({ op: "add", path: "/m/a/b/0", value: "2" }));
  assert.deepEqual(first.container.m, { a: { b: [2, 1] } });
  assert.deepEqual(first.container.n, { a: { b: [1] } });
  assert.deepEqual(second.container.m, { a: { b: [1] } });
  assert.deepEqual(add.value, { a: { b: [1] } });
});

Deno.test("apply: copies cannot grow without bound", () => {
  const draft = new PatchDraft(container());
  draft.apply(parseOperation({ op: "add", path: "/m", value: JSON.stringify(["x".repeat(1000)]) }));
  const doubled = parseOperation({ op: "copy", from: "/m", path: "/m/-" });
  assert.throws(() => {
    for (let times = 0; times < 64; times++) draft.apply(doubled);
  }, /beyond 3 MiB|nested deeper/);
  const wide = new PatchDraft(container());
  wide.apply(parseOperation({ op: "add", path: "/m", value: JSON.stringify("x".repeat(1 << 20)) }));
  assert.throws(() => {
    for (const name of "abcd") {
      wide.apply(parseOperation({ op: "copy", from: "/m", path: `/${name}` }));
    }
  }, /beyond 3 MiB/);
});

Deno.test("apply: what nests too deep is refused before anything recurses into it", () => {
  const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  assert.throws(() => apply({ op: "add", path: "/m", value: deep(500_000) }), /deeper than 32/);
  assert.throws(() => apply({ op: "add", path: "/m/a/b", value: deep(30) }), /deeper than 32/);
  assert.throws(
    () => apply({ op: "add", path: "/a".repeat(100_000), value: "1" }),
    /deeper than 32/,
  );
  apply({ op: "add", path: "/m/a", value: deep(30) });
});

Deno.test("apply: a thousand operations around a megabyte take no copy each", () => {
  const draft = new PatchDraft(container());
  const big = JSON.stringify(Array.from({ length: 50_000 }, (_, at) => ({ at })));
  draft.apply(parseOperation({ op: "add", path: "/m", value: big }));
  const before = draft.container.m;
  for (let at = 0; at < 1000; at++) {
    draft.apply(parseOperation({ op: "add", path: "/workingDir", value: `"/${at}"` }));
  }
  assert.equal(draft.container.workingDir, "/999");
  // A copy each would take more than ten seconds.
  assert.ok(draft.container.m === before, "it was copied");
});

Deno.test("apply: whatever is added at a path can be removed there again", () => {
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
    runs(100),
  );
});
