import assert from "node:assert/strict";
import fc from "fast-check";
import { KumaError } from "core/errors.ts";
import { bytesOf, byteText } from "./byte_text.ts";
import { hasAnyPlugin, hasPlugin, insertPlugin, removePlugin } from "./edit.ts";
import { readList } from "./document.ts";
import { corpus, ENTRY, lists, OTHER_ENTRY } from "tests/installer/conflists.ts";
import { runs } from "tests/support/property.ts";

const RUNS = runs(10_000);

/** What was added, when `after` is `before` with one stretch put in; fails when it is anything else. */
function addition(before: string, after: string): string {
  let head = 0;
  while (head < before.length && before[head] === after[head]) head++;
  const tail = before.length - head;
  assert.equal(after.slice(after.length - tail), before.slice(head), "a foreign byte changed");
  return after.slice(head, after.length - tail);
}

for (const { name, text } of corpus().filter((file) => file.name.endsWith(".conflist"))) {
  Deno.test(`${name}: one stretch is added, and goes again`, () => {
    const installed = insertPlugin(text, ENTRY);
    assert.match(addition(text, installed), /kuma-cni/);
    assert.equal(readList(installed).plugins.at(-1)?.type, "kuma-cni");
    assert.equal(insertPlugin(installed, ENTRY), installed);
    const upgraded = insertPlugin(installed, OTHER_ENTRY);
    assert.ok(hasPlugin(upgraded, OTHER_ENTRY) && !hasPlugin(upgraded, ENTRY));
    assert.equal(removePlugin(upgraded), text);
    assert.deepEqual(bytesOf(removePlugin(installed)), bytesOf(text));
  });
}

Deno.test("the entry follows the file's own format", () => {
  const after = (text: string) =>
    addition(text, insertPlugin(text, { type: "kuma-cni", a: [1, {}] }));
  assert.equal(
    after(`{\n  "plugins": [\n    {\n      "type": "x"\n    }\n  ]\n}\n`),
    `,\n    {\n      "type": "kuma-cni",\n      "a": [\n        1,\n        {}\n      ]\n    }`,
  );
  assert.equal(
    after(`{\r\n\t"plugins": [\r\n\t\t{"type": "x"}\r\n\t]\r\n}`),
    `,\r\n\t\t{"type": "kuma-cni", "a": [1, {}]}`,
  );
  assert.equal(after(`{"plugins":[{"type":"x"}]}`), `,{"type":"kuma-cni","a":[1,{}]}`);
  assert.equal(after(`{"plugins": [ { "type": "x" } ]}`), `, { "type": "kuma-cni", "a": [1, {}] }`);
  assert.equal(
    after(`{\n "plugins": [{\n  "type": "x"\n }, {\n  "type": "y"\n }]\n}`),
    `, {\n  "type": "kuma-cni",\n  "a": [\n   1,\n   {}\n  ]\n }`,
  );
});

Deno.test("older entries of ours are all replaced by one at the end", () => {
  const old = `{"type":"kuma-cni","log_level":"info"}`;
  const text = `{"plugins":[${old},{"type":"x"},${old},{"type":"y"}]}`;
  const installed = insertPlugin(text, ENTRY);
  assert.deepEqual(readList(installed).plugins.map((one) => one.type), ["x", "y", "kuma-cni"]);
  assert.equal(removePlugin(installed), `{"plugins":[{"type":"x"},{"type":"y"}]}`);
});

Deno.test("an entry that another agent reprinted with sorted keys is left as it is", () => {
  const sorted = Object.fromEntries(Object.entries(ENTRY).sort(([a], [b]) => a < b ? -1 : 1));
  const json = JSON.stringify({ plugins: [{ type: "x" }, sorted] }, null, 2);
  const text = byteText(new TextEncoder().encode(json));
  assert.equal(insertPlugin(text, ENTRY), text);
});

Deno.test("comments around our entry outlive it", () => {
  const cases = [
    [
      `{"plugins":[{"type":"x"}, // why\n {"type":"kuma-cni"}]}`,
      `{"plugins":[{"type":"x"} // why\n ]}`,
    ],
    [
      `{"plugins":[/*a*/{"type":"kuma-cni"}/*b*/,{"type":"x"}]}`,
      `{"plugins":[/*a*//*b*/{"type":"x"}]}`,
    ],
    [`{"plugins":[{"type":"kuma-cni"},]}`, `{"plugins":[]}`],
    [`{"plugins":[{"type":"kuma-cni"}, {"type":"x"}]}`, `{"plugins":[{"type":"x"}]}`],
  ] as const;
  for (const [before, after] of cases) assert.equal(removePlugin(before), after);
});

Deno.test("a text that is no config list is refused with its code", () => {
  const code = (text: string) => {
    try {
      insertPlugin(text, ENTRY);
    } catch (error) {
      if (error instanceof KumaError) return error.code;
      throw error;
    }
    return undefined;
  };
  for (
    const text of ["", "  ", "{", "[]", `{"plugins":[}`, `{"plugins":[]} x`, '{"a":'.repeat(50_000)]
  ) {
    assert.equal(code(text), "KUMA-INS-001", text.slice(0, 20));
  }
  for (const text of ["{}", `{"plugins":{}}`, `{"plugins":["x"]}`, `{"plugins":[null]}`]) {
    assert.equal(code(text), "KUMA-INS-002", text);
  }
  assert.equal(code(`{"plugins":[]}${" ".repeat(1024 * 1024)}`), "KUMA-INS-001");
});

Deno.test("10,000 strict lists: what goes in comes out, and the result is strict JSON", () => {
  fc.assert(
    fc.property(lists(true), (text) => {
      const installed = insertPlugin(text, ENTRY);
      assert.equal(removePlugin(installed), text);
      assert.equal(insertPlugin(installed, ENTRY), installed);
      assert.equal(removePlugin(insertPlugin(installed, OTHER_ENTRY)), text);
      const parsed = JSON.parse(installed) as { plugins: unknown[] };
      const foreign = (JSON.parse(text) as { plugins: unknown[] }).plugins;
      assert.equal(JSON.stringify(parsed.plugins), JSON.stringify([...foreign, ENTRY]));
    }),
    RUNS,
  );
});

Deno.test("10,000 lists with comments, BOM and trailing commas: what goes in comes out", () => {
  fc.assert(
    fc.property(lists(false), (text) => {
      const installed = insertPlugin(text, ENTRY);
      addition(text, installed);
      assert.ok(hasPlugin(installed, ENTRY) && !hasAnyPlugin(text));
      assert.equal(insertPlugin(installed, ENTRY), installed);
      assert.equal(removePlugin(installed), text);
    }),
    RUNS,
  );
});
