import assert from "node:assert/strict";
import { chooseComponents, parseComponent } from "./components.ts";
import { compileFlags } from "./compile.ts";
import { parseBuildArgs } from "./build.ts";
import { hostArch } from "./pins.ts";

const wrong = { code: "KUMA-BUILD-004" };

Deno.test("a build section is read with its defaults", () => {
  assert.deepEqual(parseComponent("/src/cni", "cni", { binary: "kuma-cni" }), {
    name: "cni",
    binary: "kuma-cni",
    entry: "/src/cni/main.ts",
    permissions: [],
    flags: [],
    hostRuntime: false,
    minify: false,
    front: undefined,
    warmUp: undefined,
  });
});

Deno.test("what is recorded is read strictly", () => {
  const commands = { "": [{ run: "version" }], "look at": [{ before: "put", run: "look at" }] };
  const read = (warmUp: unknown) => parseComponent("/s", "x", { binary: "x", warmUp }).warmUp;
  assert.deepEqual(read({ module: "run.ts", commands }), { module: "/s/run.ts", commands });
  const wrongOnes = [1, {}, { module: "run.ts" }, { module: 1, commands }, {
    module: "m",
    commands: {},
  }]
    .concat([{ module: "m", commands: { a: [{ before: "b" }] } }] as never)
    .concat([{ module: "m", commands: { a: [{ run: "b", runs: 2 }] } }] as never)
    .concat([{ module: "m", commands, more: 1 }] as never);
  for (const one of wrongOnes) assert.throws(() => read(one), { ...wrong, message: /warmUp/ });
});

Deno.test("a program in front is a path of the component's folder, and needs the runtime folder", () => {
  const section = { binary: "x", hostRuntime: true, front: "front/front.c" };
  assert.equal(parseComponent("/s", "x", section).front, "/s/front/front.c");
  for (const change of [{ front: 1 }, { hostRuntime: false }]) {
    const message = /"front"/;
    assert.throws(() => parseComponent("/s", "x", { ...section, ...change }), {
      ...wrong,
      message,
    });
  }
});

Deno.test("no program gets all permissions, and each gets the two flags of root-run programs once", () => {
  for (const flag of ["-A", "--allow-all", "--allow-everything", "--allow-read --allow-all", 7]) {
    const section = { binary: "x", permissions: [flag] };
    assert.throws(() => parseComponent("/s", "x", section), wrong, String(flag));
  }
  for (const flag of ["-A", "--allow-read", "--output=/etc/passwd"]) {
    assert.throws(() => parseComponent("/s", "x", { binary: "x", flags: [flag] }), wrong, flag);
  }
  const component = parseComponent("/s", "x", {
    binary: "x",
    permissions: ["--allow-read=/etc", "--deny-net"],
    flags: ["--no-prompt", "--no-code-cache", "--unstable-net"],
  });
  const flags = compileFlags(component, "arm64");
  assert.deepEqual(flags.slice(flags.indexOf("--target")), [
    "--target",
    "aarch64-unknown-linux-gnu",
    "--no-code-cache",
    "--no-prompt",
    "--unstable-net",
    "--allow-read=/etc",
    "--deny-net",
  ]);
});

Deno.test("a wrong build section is refused with the key's name", () => {
  const cases: [unknown, RegExp][] = [
    [null, /object/],
    [{ binary: "x", permision: [] }, /permision/],
    [{ binary: "../x" }, /binary/],
    [{ binary: "x", entry: 1 }, /entry/],
    [{ binary: "x", permissions: "--allow-read" }, /permissions/],
    [{ binary: "x", hostRuntime: "yes" }, /hostRuntime/],
    [{ binary: "x", minify: 1 }, /minify/],
  ];
  for (const [section, message] of cases) {
    assert.throws(() => parseComponent("/s", "x", section), { ...wrong, message });
  }
});

Deno.test("components are chosen by folder or binary; an unknown one names those there are", () => {
  const cni = parseComponent("/s", "cni", { binary: "kuma-cni" });
  const all = [cni, parseComponent("/s", "kumactl", { binary: "kumactl" })];
  assert.deepEqual(chooseComponents(all, ["kuma-cni"]), [cni]);
  assert.equal(chooseComponents(all, []).length, 2);
  assert.throws(() => chooseComponents(all, ["kumctl"]), { ...wrong, hint: /cni, kumactl/ });
});

Deno.test("the command line of the build", () => {
  assert.deepEqual(parseBuildArgs([]), { names: [], arch: hostArch() });
  assert.deepEqual(parseBuildArgs(["a", "--arch", "arm64", "b"]), {
    names: ["a", "b"],
    arch: "arm64",
  });
  assert.equal(parseBuildArgs(["--arch=amd64"]).arch, "amd64");
  for (const args of [["--arch"], ["--arch", "riscv"], ["--arch=toString"], ["--all"]]) {
    assert.throws(() => parseBuildArgs(args), wrong, args.join(" "));
  }
});
