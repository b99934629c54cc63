/** The two languages of the layout say the same: clang compares each offset, size and number. */
import assert from "node:assert/strict";
import * as layout from "core/bpf/layout.ts";
import { type Fields, Struct } from "core/bpf/struct.ts";
import { run } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { BPF_SOURCES, CLANG_FLAGS } from "build/bpf.ts";

const STRUCTS = Object.values(layout).flatMap((value) =>
  value instanceof Struct ? [value as unknown as Struct<Fields>] : []
);
const NUMBERS: Record<string, number> = {
  ...{ LAYOUT_VERSION: layout.LAYOUT_VERSION, VERDICT_COUNT: layout.VERDICT_COUNT },
  ...{ ADDRESS_FIXED_BITS: layout.ADDRESS_FIXED_BITS },
  ...layout.LIMITS,
  ...layout.POD_FLAGS,
  ...layout.PORT_FLAGS,
  ...layout.ADDRESS_FLAGS,
  ...layout.VERDICTS,
  ...layout.HOOKS,
};

function claims(extra: readonly string[] = []): string {
  const structs = STRUCTS.flatMap(({ name, size, offsets, fields }) => [
    `sizeof(struct ${name}) == ${size}`,
    ...Object.keys(fields).map((field) =>
      `__builtin_offsetof(struct ${name}, ${field}) == ${offsets[field]}`
    ),
  ]);
  const numbers = Object.entries(NUMBERS).map(([name, value]) => `${name} == ${value}`);
  const all = [...structs, ...numbers, ...extra];
  const lines = all.map((claim) => `_Static_assert(${claim}, "${claim}");`);
  return ['#include "layout.h"', ...lines, ""].join("\n");
}

function compile(source: string) {
  const flags = [...CLANG_FLAGS, "-fsyntax-only", "-ferror-limit=0"];
  return run("clang", [...flags, `-I${BPF_SOURCES}`, "-xc", "-"], { stdin: source });
}

const test = requires("bpf-build");

test("sizes, offsets and numbers of the layout are those of layout.h", async () => {
  const done = await compile(claims());
  assert.equal(done.code, 0, done.stderr);
  assert.equal(STRUCTS.length, 14);
});

test("every enumerator of layout.h is in the layout, and a wrong claim is found", async () => {
  const header = await Deno.readTextFile(`${BPF_SOURCES}/layout.h`);
  const named = [...header.matchAll(/^\t([A-Z][A-Z0-9_]+) = /gm)].map(([, name]) => name ?? "");
  assert(named.length > 40, `only ${named.length}`);
  assert.deepEqual(named.filter((name) => !(name in NUMBERS)), []);
  const wrong = await compile(claims(["sizeof(struct pod) == 1"]));
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.stderr, /sizeof\(struct pod\) == 1/);
});
