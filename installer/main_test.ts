import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { run } from "core/host/run.ts";
import { checkedDocument } from "tests/support/documents.ts";
import { testHelp } from "core/program/testing_help.ts";
import { INSTALL_CNI } from "./install_program.ts";
import { FRONT, programWith, TestDir } from "./testing.ts";

testHelp(INSTALL_CNI);

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

async function installCni(args: string[], env: Record<string, string> = {}) {
  return await run([Deno.execPath(), "run", "--allow-all", MAIN, ...args], {
    env: { HOME: Deno.env.get("HOME") ?? "/", DENO_DIR: Deno.env.get("DENO_DIR") ?? "", ...env },
  });
}

Deno.test("check says what would be done, and changes nothing", async () => {
  using dir = new TestDir();
  const text = `{"name":"cilium","cniVersion":"0.3.1","plugins":[{"type":"cilium-cni"}]}`;
  dir.write("05-cilium.conflist", text);
  dir.write("00-broken.conf", "{");
  Deno.writeTextFileSync(`${dir.dir}/image/kuma-cni`, "#!/bin/sh\n");
  const env = {
    MOUNTED_CNI_NET_DIR: `${dir.dir}/net.d`,
    MOUNTED_CNI_BIN_DIR: `${dir.dir}/bin`,
    CNI_SOURCE_DIR: `${dir.dir}/image`,
  };
  const { code, stdout } = await installCni(["check"], env);
  assert.equal(code, 0);
  assert.match(stdout, /00-broken\.conf {2}invalid: it is not strict JSON/);
  assert.match(stdout, /05-cilium\.conflist {2}list: cilium-cni {2}<- the runtime uses this/);
  assert.match(stdout, /network {4}Cilium/);
  assert.match(stdout, /would {6}add the entry at the end of the plugins in "05-cilium\.conflist"/);
  assert.match(stdout, /warning {4}Cilium must run with cni\.exclusive=false/);
  for (const format of ["json", "yaml"] as const) {
    const printed = await installCni(["check", "-o", format], env);
    const told = checkedDocument(printed.stdout, "kuma.io/install-cni-check/v1", format);
    assert.deepEqual(told.would, { action: "edit", file: "05-cilium.conflist" });
    assert.deepEqual([told.network, told.works], ["Cilium", true]);
  }
  assert.equal(dir.read("05-cilium.conflist"), text);
  assert.deepEqual(dir.state(), []);
  Deno.removeSync(`${dir.dir}/net.d/05-cilium.conflist`);
  const waiting = await installCni(["check"], env);
  assert.equal(waiting.code, 1);
  assert.match(waiting.stdout, /would {6}wait: no CNI config file is valid/);
});

Deno.test("check says of a plugin that was copied by hand that it cannot start where it stands", async () => {
  using dir = new TestDir();
  dir.write("10-a.conflist", `{"name":"n","cniVersion":"1.0.0","plugins":[{"type":"a"}]}`);
  const loader = "/opt/cni/bin/.kuma-cni-runtime//////////ld-linux-x86-64.so.2";
  for (const name of ["image", "bin"]) {
    Deno.writeFileSync(`${dir.dir}/${name}/kuma-cni`, programWith(loader), { mode: 0o755 });
  }
  const env = {
    MOUNTED_CNI_NET_DIR: `${dir.dir}/net.d`,
    MOUNTED_CNI_BIN_DIR: `${dir.dir}/bin`,
    CNI_BIN_DIR: "/usr/lib/cni",
    CNI_SOURCE_DIR: `${dir.dir}/image`,
  };
  const elsewhere = await installCni(["check"], env);
  assert.match(
    elsewhere.stdout,
    /plugin {5}\S+ \(host: \/usr\/lib\/cni\): cannot start there: it looks for its loader in \/opt\/cni\/bin\/\.kuma-cni-runtime, and stands in \/usr\/lib\/cni; would be replaced/,
  );
  assert.match(
    elsewhere.stdout,
    /warning {4}the plugin to install cannot start: its folder \.kuma-cni-runtime is not beside it/,
  );
  const alone = await installCni(["check"], { ...env, CNI_BIN_DIR: "/opt/cni/bin" });
  assert.match(
    alone.stdout,
    /cannot start there: .*\/opt\/cni\/bin\/\.kuma-cni-runtime, where there is none/,
  );
  for (const name of ["image", "bin"]) {
    Deno.mkdirSync(`${dir.dir}/${name}/.kuma-cni-runtime`);
    Deno.writeTextFileSync(`${dir.dir}/${name}/.kuma-cni-runtime/ld-linux-x86-64.so.2`, "");
  }
  const whole = await installCni(["check"], { ...env, CNI_BIN_DIR: "/opt/cni/bin" });
  assert.doesNotMatch(whole.stdout, /cannot start/);

  // The same with a program in front of it, which alone is of no use.
  for (const name of ["image", "bin"]) {
    const program = `${dir.dir}/${name}/kuma-cni`;
    Deno.renameSync(program, `${dir.dir}/${name}/.kuma-cni-runtime/kuma-cni`);
    Deno.writeFileSync(program, FRONT, { mode: 0o755 });
  }
  const behind = await installCni(["check"], { ...env, CNI_BIN_DIR: "/opt/cni/bin" });
  assert.doesNotMatch(behind.stdout, /cannot start|brings no C library/);
  const moved = await installCni(["check"], env);
  assert.match(moved.stdout, /it looks for its loader in .*, and stands in \/usr\/lib\/cni/);
  for (const name of ["image", "bin"]) {
    Deno.removeSync(`${dir.dir}/${name}/.kuma-cni-runtime`, { recursive: true });
  }
  const front = await installCni(["check"], { ...env, CNI_BIN_DIR: "/opt/cni/bin" });
  assert.match(
    front.stdout,
    /cannot start there: its program \S+\/bin\/\.kuma-cni-runtime\/kuma-cni is not/,
  );
  assert.match(
    front.stdout,
    /to install cannot start: its folder \.kuma-cni-runtime with the program is/,
  );
});

Deno.test("exit codes: settings 1, log level 2, usage 64, help 0", async () => {
  const settings = await installCni([], { SLEEP: "perhaps" });
  assert.equal(settings.code, 1);
  assert.match(
    settings.stderr,
    /^Error: Cannot use SLEEP: "perhaps" is not true or false \[KUMA-INS-010\]\n$/,
  );
  assert.equal((await installCni([], { CNI_LOG_LEVEL: "loud" })).code, 2);
  assert.equal((await installCni(["unknown"])).code, 64);
  const help = await installCni(["--help"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /CNI_NETWORK_CONFIG/);
});
