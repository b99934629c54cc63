import assert from "node:assert/strict";
import type { CommandDefinition } from "core/program/command.ts";
import { COMMANDS } from "./commands.ts";
import { kumactlCompletion } from "./completion.ts";

/** What bash offers after these words; the last one is being typed. */
function offered(...words: string[]): string[] {
  const script = `${kumactlCompletion("bash")}
COMP_WORDS=(kumactl "$@"); COMP_CWORD=$#; compopt() { :; }; _kumactl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = new Deno.Command("bash", {
    args: ["--norc", "-c", script, "bash", ...words],
  }).outputSync();
  assert.equal(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).trim().split("\n");
}

Deno.test("bash offers commands, flags and values", () => {
  assert.deepEqual(offered(""), [
    "install",
    "uninstall",
    "status",
    "check",
    "explain",
    "completion",
    "version",
  ]);
  assert.deepEqual(offered("install", "transparent-proxy-"), ["transparent-proxy-validator"]);
  assert.deepEqual(offered("completion", ""), ["bash", "zsh", "fish"]);
  assert.deepEqual(offered("install", "transparent-proxy", "--redirect-all"), [
    "--redirect-all-dns-traffic",
  ]);
  assert.deepEqual(offered("install", "transparent-proxy", "--dry-run", "--exclude-inbound-p"), [
    "--exclude-inbound-ports=",
  ]);
  assert.deepEqual(offered("install", "transparent-proxy", "--ip-family-mode", "=", "ipv"), [
    "ipv4",
    "ipv6",
  ]);
  assert.deepEqual(offered("install", "transparent-proxy", "--ip-family-mode", ""), [
    "dualstack",
    "ipv4",
    "ipv6",
  ]);
  assert.ok(!offered("uninstall", "transparent-proxy", "--").includes("--redirect-dns"));
});

Deno.test("each command has its own formats, by the long and the short name of the flag", () => {
  const formats = ["text", "json", "yaml"];
  for (const flag of ["--output", "-o"]) {
    assert.deepEqual(offered("explain", flag, ""), formats);
    assert.deepEqual(offered("explain", "KUMA-TP-001", flag, ""), formats);
    assert.deepEqual(offered("version", flag, ""), formats);
    assert.deepEqual(offered("explain", "packet", flag, ""), [
      ...formats,
      ...["mermaid", "dot", "html"],
    ]);
    assert.deepEqual(offered("check", flag, "s"), ["short"]);
  }
});

Deno.test("users of this machine are offered", () => {
  const users = Deno.readTextFileSync("/etc/passwd").trim().split("\n")
    .map((line) => line.split(":")[0] ?? "").filter((name) => name.startsWith("r"));
  const found = offered("install", "transparent-proxy", "--kuma-dp-user", "r");
  for (const user of users) assert.ok(found.includes(user), user);
  assert.deepEqual(offered("install", "transparent-proxy", "--kuma-dp-user", "=", "roo"), ["root"]);
});

Deno.test("codes are offered, too", () => {
  const found = offered("explain", "KUMA-TP-20");
  assert.ok(found.includes("KUMA-TP-201") && found.every((code) => code.startsWith("KUMA-TP-20")));
});

Deno.test("every shell's script knows every visible flag", () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const script = kumactlCompletion(shell);
    for (
      const { name, hidden } of (Object.values(COMMANDS) as CommandDefinition[]).flatMap((
        { flags },
      ) => flags)
    ) {
      const known = script.includes(shell === "fish" ? `-l ${name}` : `--${name}`);
      if (hidden !== true) assert.ok(known, `${shell} ${name}`);
    }
    assert.doesNotMatch(script, /kuma-dp-uid/);
  }
});
