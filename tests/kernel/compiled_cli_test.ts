import assert from "node:assert/strict";
import { checkedDocument } from "tests/support/documents.ts";
import { run } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { kumactlPath } from "./kumactl.ts";

/** Runs the compiled kumactl with an environment that holds nothing at all. */
function bare(...args: string[]) {
  return run("/usr/bin/env", ["-i", kumactlPath(), ...args]);
}

Deno.test("the compiled kumactl needs neither PATH nor HOME for what touches nothing", async () => {
  assert.match((await bare("version")).stdout, /^\d+\.\d+\.\d+\n$/);
  assert.match((await bare("install", "transparent-proxy", "--help")).stdout, /--redirect-dns/);
  assert.match((await bare("explain", "kuma-tp-001")).stdout, /^KUMA-TP-001: /);
  for (const shell of ["bash", "zsh", "fish"]) {
    assert.match((await bare("completion", shell)).stdout, /kumactl/);
  }
});

requires("netns")("the compiled kumactl takes the bytecode that it carries", async () => {
  for (const command of [["version", "--detailed"], ["version", "-o", "json"]]) {
    assert.match((await bare(...command)).stdout, /code ?cache"?: "?used\b/i);
  }
});

Deno.test("every compiled program tells its version as a document", async () => {
  for (const name of ["kumactl", "kuma-webhook", "kuma-controller", "kuma-ebpf-loader"]) {
    const program = new URL(name, `file://${kumactlPath()}`).pathname;
    for (const format of ["json", "yaml"] as const) {
      const { stdout, stderr } = await run(program, ["version", "-o", format]);
      assert.equal(stderr, "");
      assert.equal(checkedDocument(stdout, "kuma.io/version/v1", format).program, name);
    }
  }
});

Deno.test("the compiled kumactl reads YAML, and says where it is wrong", async () => {
  const install = ["install", "transparent-proxy", "--dry-run", "--config"];
  const wrong = await bare(...install, "redirect:\n  inbound:\n    port: '80'\n");
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /--config:3:11: redirect\.inbound\.port: it must be a number/);
  const unknown = await bare(...install, "{wiat: 1}");
  assert.match(unknown.stderr, /\[WARNING\] --config:1:2: unknown key 'wiat' .* 'wait'/);
});

Deno.test("the compiled kumactl sees the variables of settings", async () => {
  const { code, stderr } = await run(
    "/usr/bin/env",
    ["-i", "IP_FAMILY_MODE=ipv5", kumactlPath(), "install", "transparent-proxy", "--dry-run"],
  );
  assert.equal(code, 1);
  assert.match(
    stderr,
    /environment variable IP_FAMILY_MODE: .*must be one of 'dualstack' or 'ipv4'/,
  );
});
