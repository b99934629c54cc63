import assert from "node:assert/strict";
import { join } from "node:path";
import plugin, { importFault } from "./lint_plugin.ts";
import { ROOT } from "./task.ts";

function faults(file: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, join(ROOT, file), source).map((found) => found.id);
}

Deno.test("arrows point to core, and never back or across", () => {
  for (
    const [file, specifier] of [
      ["cni/add.ts", "core/rules/build.ts"],
      ["cni/add.ts", "./del.ts"],
      ["cni/add.ts", "commander"],
      ["core/host/apply.ts", "core/rules/model.ts"],
      ["core/host/apply.ts", "../rules/model.ts"],
      ["core/rules/build.ts", "../errors.ts"],
      ["core/rules/build_test.ts", "core/host/apply.ts"],
      ["tests/kernel/flows.ts", "../../kumactl/main.ts"],
      ["build/build.ts", "core/errors.ts"],
      ["build/docs/programs.ts", "../../kumactl/program.ts"],
    ] as const
  ) {
    assert.equal(importFault(file, specifier), undefined, `${file} → ${specifier}`);
  }
  for (
    const [file, specifier] of [
      ["cni/add.ts", "../kumactl/main.ts"],
      ["cni/add.ts", "build/io.ts"],
      ["kumactl/a/b.ts", "../../tests/support/requires.ts"],
      ["core/rules/build.ts", "core/host/apply.ts"],
      ["core/rules/build.ts", "../host/apply.ts"],
      ["core/host/apply.ts", "../../cni/main.ts"],
      ["build/build.ts", "../kumactl/main.ts"],
    ] as const
  ) {
    assert.notEqual(importFault(file, specifier), undefined, `${file} → ${specifier}`);
  }
});

Deno.test("every form of import is seen", () => {
  for (
    const source of [
      `import { a } from "core/host/a.ts";`,
      `import type { A } from "core/host/a.ts";`,
      `export { a } from "core/host/a.ts";`,
      `export * from "core/host/a.ts";`,
      `const a = await import("core/host/a.ts");`,
    ]
  ) {
    assert.deepEqual(faults("core/rules/x.ts", source), ["house/import-direction"], source);
  }
});

Deno.test("pure rooms use no Deno; comments, strings and core/host may name it", () => {
  const use = `const pid = Deno.pid;`;
  assert.deepEqual(faults("core/rules/x.ts", use), ["house/pure-core"]);
  assert.deepEqual(faults("core/rules/x.ts", `process.exit();`), ["house/pure-core"]);
  assert.deepEqual(faults("core/host/x.ts", use), []);
  assert.deepEqual(faults("core/rules/x_test.ts", use), []);
  assert.deepEqual(faults("core/rules/x.ts", `// Deno.pid\nconst a = "Deno.pid";`), []);
});

Deno.test("a pure room reaches the outside, the clock and chance in no form", () => {
  for (
    const source of [
      `const { pid } = Deno;`,
      `const d = globalThis;`,
      `await fetch("http://localhost");`,
      `const a = { fetch };`,
      `const g = global;`,
      `eval("1");`,
      `const f = new Function("return 1");`,
      `const c = new WebAssembly.Module(bytes);`,
      `prompt("who?");`,
      `const now = Temporal.Now.instant();`,
      `setTimeout(() => {}, 1);`,
      `const now = Date.now();`,
      `const now = new Date();`,
      `const now = new Date;`,
      `const now = Date();`,
      `const now = Date(0);`,
      `const clock = { now: Date.now };`,
      `const now = Date["now"]();`,
      `const file = new URL("x.json", import.meta.url);`,
      `if (import.meta.main) start();`,
      `const x = Math.random();`,
      `import { readFileSync } from "node:fs";`,
      `export * from "node:os";`,
      `const os = await import("node:os");`,
      `import { Command } from "commander";`,
    ]
  ) {
    assert.ok(faults("core/rules/x.ts", source).includes("house/pure-core"), source);
    assert.ok(!faults("core/host/x.ts", source).includes("house/pure-core"), source);
    assert.ok(!faults("core/rules/testing/x.ts", source).includes("house/pure-core"), source);
  }
  for (
    const source of [
      `const then = new Date(0);`,
      `const a = { fetch: 1, process: 2 }; const b = a.fetch + a.process;`,
      `interface A { fetch(): void; console: string }`,
      `import { parse } from "yaml";`,
    ]
  ) {
    assert.deepEqual(faults("core/rules/x.ts", source), [], source);
  }
  assert.deepEqual(
    faults("core/time/x.ts", `setTimeout(() => Date.now(), performance.now());`),
    [],
  );
});

Deno.test("the client of the API server brings nothing of its room along", () => {
  const source = `import { Informer } from "./informer.ts";`;
  assert.deepEqual(faults("core/cluster/client.ts", source), ["house/client-alone"]);
  assert.deepEqual(faults("core/cluster/lease.ts", source), []);
  assert.deepEqual(
    faults("core/cluster/client.ts", `import { a } from "core/kube/api_error.ts";`),
    [],
  );
});

Deno.test("property tests take their cases and seed from the knob", () => {
  for (const more of ["", ", { numRuns: 5 }", ", {}"]) {
    const source = `fc.assert(fc.property(a, b)${more});`;
    assert.deepEqual(faults("core/rules/x_test.ts", source), ["house/property-knob"], source);
  }
  for (const more of [", runs(100)", ", RUNS", ", { ...RUNS, reporter }"]) {
    assert.deepEqual(faults("core/x_test.ts", `fc.assert(fc.property(a, b)${more});`), []);
  }
});

Deno.test("private members are written with #, but for a constructor", () => {
  for (const member of ["private a = 1;", "private a(): void {}", "private static a = 1;"]) {
    const source = `class A { ${member} }`;
    assert.deepEqual(faults("cni/x.ts", source), ["house/hash-private"], source);
    assert.deepEqual(faults("tests/x.ts", source), []);
  }
  assert.deepEqual(faults("cni/x.ts", "class A { private constructor() {} #b = 1; }"), []);
});

Deno.test("a source of more than 300 lines is refused, a test is not", () => {
  assert.deepEqual(faults("cni/x.ts", "let a;\n".repeat(300)), []);
  assert.deepEqual(faults("cni/x.ts", "let a;\n".repeat(301)), ["house/file-length"]);
  assert.deepEqual(faults("cni/x_test.ts", "let a;\n".repeat(301)), []);
});

Deno.test("a package is imported lazily through a module of ours alone", () => {
  const lazy = (specifier: string) => `const { parse } = await import("${specifier}");`;
  for (const specifier of ["yaml", "@kubernetes/client-node"]) {
    assert.deepEqual(faults("webhook/x.ts", lazy(specifier)), ["house/lazy-package"]);
    assert.deepEqual(faults("core/kube/x_test.ts", lazy(specifier)), []);
    assert.deepEqual(faults("webhook/x.ts", `import { parse } from "${specifier}";`), []);
  }
  for (const specifier of ["./yaml.ts", "core/proxy/yaml_library.ts", "node:fs"]) {
    assert.deepEqual(faults("core/host/x.ts", lazy(specifier)), []);
  }
});

Deno.test("a timer is one of core/time", () => {
  for (
    const source of [
      `setTimeout(() => {}, 5);`,
      `await new Promise((resolve) => setTimeout(resolve, 5));`,
      `const id: ReturnType<typeof setInterval> = globalThis.setInterval(work, 5);`,
      `import { setTimeout as wait } from "node:timers/promises";`,
    ]
  ) {
    assert.deepEqual([...new Set(faults("cni/x.ts", source))], ["house/timers"], source);
    assert.deepEqual(faults("tests/cni/x.ts", source), []);
  }
  assert.deepEqual(faults("core/time/x.ts", `export const id = setTimeout(() => {}, 5);`), []);
  assert.deepEqual(faults("cni/x.ts", `await delay(5); clearTimeout(id);`), []);
});

Deno.test("an error's text is one line that another can follow", () => {
  const of = (text: string, hint = '"look"') =>
    faults("cni/x.ts", `throw new KumaError("KUMA-TP-001", ${text}, { hint: ${hint}, cause });`);
  for (const text of ['"cannot do it"', "`Cannot use ${a}`", "`${a}` + b", '"a. b" + c', "text"]) {
    assert.deepEqual(of(text), [], text);
  }
  for (const text of ['"It failed."', '" a"', "`error: ${a}`", '"a" + `b\\n`', "`${a}: `"]) {
    assert.deepEqual(of(text), ["house/error-text"], text);
    assert.deepEqual(of('"a"', text), ["house/error-text"], text);
  }
  for (const made of ["refused(code, ", "new RangeError(", "new VariableError(code, name, "]) {
    assert.deepEqual(faults("cni/x.ts", `throw ${made}"it is odd")`), [], made);
    assert.deepEqual(faults("cni/x.ts", `throw ${made}"it is odd.")`), ["house/error-text"], made);
  }
  const usage = `throw new UsageError("there is none.", { hint: "see help." });`;
  assert.deepEqual(faults("cni/x.ts", usage), ["house/error-text", "house/error-text"]);
});
