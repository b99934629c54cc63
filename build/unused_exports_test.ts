/**
 * What nobody imports is not exported: who changes it need not look for its users, and the linter finds it where its
 * own file does not use it either.
 */
import assert from "node:assert/strict";
import { join, normalize } from "node:path";
import { ROOT } from "./task.ts";

/** Exports that only tests use although they stand beside what they are about; the others belong to testing modules. */
const FOR_TESTS: ReadonlySet<string> = new Set([
  "build/docs/monitoring/rules.ts: ruleTests",
  "core/host/bpf/embedded.ts: useObjects",
]);

/** Not looked at: one that a test holds against a header as a whole, and one whose exports are texts. */
const LEFT_ALONE: ReadonlySet<string> = new Set(["core/bpf/layout.ts", "tests/build/fixture.ts"]);

const FOLDERS = [
  ...["build", "core", "cni", "controller", "ebpf-loader", "installer", "kumactl", "webhook"],
  "tests",
];

/** Faults, each `path: name …`, of these texts by path from the checkout's root. */
function unusedExports(files: ReadonlyMap<string, string>): string[] {
  const users = usersByName(files);
  return [...files].flatMap(([path, text]) => {
    if (path.endsWith("_test.ts") || LEFT_ALONE.has(path)) return [];
    return exportsOf(text).flatMap(({ name, type }) => {
      const one = `${path}: ${name}`;
      const by = [...users.get(`${path} ${name}`) ?? []];
      const here = text.split(new RegExp(`\\b${name}\\b`)).length > 2;
      // A type that an exported function takes or gives is there to be read.
      if (type) {
        return by.length > 0 || here || mentioned(files, path, name)
          ? []
          : [`${one} is used by nobody`];
      }
      if (by.length === 0) return [`${one} is imported by nobody`];
      const tested = here || isTesting(path) || FOR_TESTS.has(one);
      return tested || by.some((user) => !isTesting(user)) ? [] : [`${one} is used by tests alone`];
    });
  });
}

function exportsOf(text: string): { name: string; type: boolean }[] {
  const declared = text.matchAll(
    /^export (?:abstract )?(?:async )?(function\*?|class|interface|type|const|let) (\w+)/gm,
  );
  const again = text.matchAll(/^export (type )?\{([^}]*)\}/gm).flatMap(([, type, names = ""]) =>
    listed(names, -1).map((name) => ({ name, type: type !== undefined }))
  );
  return [
    ...declared.map(([, kind, name = ""]) => ({ name, type: /^[it]/.test(kind ?? "") })),
    ...again,
  ];
}

/** Who imports what: paths of files by `path name`. */
function usersByName(files: ReadonlyMap<string, string>): Map<string, Set<string>> {
  const users = new Map<string, Set<string>>();
  for (const [user, text] of files) {
    const add = (specifier: string, names: Iterable<string>) => {
      const path = pathOf(user, specifier);
      for (const name of names) {
        const key = `${path} ${name}`;
        users.set(key, (users.get(key) ?? new Set()).add(user));
      }
    };
    for (const [, names = "", from = ""] of text.matchAll(/\{([^{}]*)\}\s+from\s+"([^"]+)"/g)) {
      add(from, listed(names));
    }
    // Of a whole module everything that is named in the file counts.
    const whole = /(?:\* as \w+\s+from\s+|import\(\s*)"([^"]+)"/g;
    for (const [, from = ""] of text.matchAll(whole)) {
      const names = exportsOf(files.get(pathOf(user, from)) ?? "").map(({ name }) => name);
      add(from, names.filter((name) => new RegExp(`\\b${name}\\b`).test(text)));
    }
  }
  return users;
}

/** The names of a list in braces: of `a as b` the first or the last. */
const listed = (names: string, which: 0 | -1 = 0) =>
  names.split(",").map((name) => name.trim().replace(/^type /, "").split(" as ").at(which)!)
    .filter((name) => name !== "");

const pathOf = (user: string, specifier: string) =>
  specifier.startsWith(".") ? normalize(join(user, "..", specifier)) : specifier;

const isTesting = (path: string) => /_test\.ts$|^tests\/|\/testing[/_.]/.test(path);

function mentioned(files: ReadonlyMap<string, string>, path: string, name: string): boolean {
  const word = new RegExp(`\\b${name}\\b`);
  return [...files].some(([other, text]) => other !== path && word.test(text));
}

function sources(folder: string): [string, string][] {
  return Deno.readDirSync(`${ROOT}/${folder}`).toArray().flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return name === "testdata" ? [] : sources(path);
    return name.endsWith(".ts") ? [[path, Deno.readTextFileSync(`${ROOT}/${path}`)]] : [];
  });
}

Deno.test("what nobody imports is not exported, and what tests alone use is no part of a program", () => {
  assert.deepEqual(unusedExports(new Map(FOLDERS.flatMap(sources))), []);
});

Deno.test("a member of the workspace is looked at", () => {
  const members = Deno.readDirSync(ROOT).toArray().filter(({ name, isDirectory }) =>
    isDirectory && Deno.readDirSync(`${ROOT}/${name}`).some((one) => one.name === "deno.json")
  );
  for (const { name } of members) assert.ok(FOLDERS.includes(name), name);
});

Deno.test("an unused export is found, a used one is not", () => {
  const files = new Map([
    [
      "core/a.ts",
      `export const one = 1;\nexport function two() {\n  return one;\n}\nexport const three = 3;\n`,
    ],
    [
      "core/b.ts",
      `import {\n  type Kind as Other,\n  two,\n} from "core/a.ts";\nexport { two as second };\n`,
    ],
    ["core/c.ts", `const { four } = await import("./d.ts");\n`],
    [
      "core/d.ts",
      `export const four = 4;\nexport interface Five {}\nexport { one } from "./a.ts";\n`,
    ],
    ["core/a_test.ts", `import { three } from "./a.ts";\n`],
  ]);
  assert.deepEqual(unusedExports(files), [
    "core/a.ts: three is used by tests alone",
    "core/b.ts: second is imported by nobody",
    "core/d.ts: Five is used by nobody",
    "core/d.ts: one is imported by nobody",
  ]);
});
