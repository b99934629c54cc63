import assert from "node:assert/strict";
import { checkedDocument } from "tests/support/documents.ts";
import { callPlugin, errorOf, InstalledPlugin, netConf } from "./plugin.ts";

const plugin = InstalledPlugin.create();
const { path } = plugin;
const ALL = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

Deno.test("without CNI_COMMAND: two lines on stderr, nothing on stdout", async () => {
  for (const value of [undefined, ""]) {
    const done = await callPlugin(path, { env: { CNI_COMMAND: value } });
    assert.equal(done.code, 0);
    assert.equal(done.stdout, "");
    assert.equal(done.stderr.trimEnd().split("\n").length, 2);
    assert.match(done.stderr, /0\.1\.0, .*1\.1\.0/);
  }
});

Deno.test("a person who asks for the version gets it, as of every program", async () => {
  const ask = async (...words: string[]) =>
    await callPlugin(path, { env: { CNI_COMMAND: undefined }, within: [path, ...words] });
  for (const word of ["version", "--version"]) {
    const done = await ask(word);
    assert.match(done.stdout, /^\d+\.\d+\.\d+\n$/);
    assert.deepEqual([done.code, done.stderr], [0, ""]);
  }
  assert.match((await ask("version", "--detailed")).stdout, /^kuma-cni .*\n(.*\n)*target: .+\n$/);
  for (const format of ["json", "yaml"] as const) {
    const { stdout } = await ask("version", "-o", format);
    assert.equal(checkedDocument(stdout, "kuma.io/version/v1", format).program, "kuma-cni");
  }
  assert.match((await ask("--help")).stdout, /^Usage: kuma-cni /);
  const wrong = await ask("versoin");
  assert.deepEqual([wrong.code, wrong.stdout], [1, ""]);
  assert.match(wrong.stderr, /^Error: unknown command 'versoin'.*\[KUMA-TP-\d+\]\nHint: .*\n$/);
});

Deno.test("VERSION answers on one line and ignores its input", async () => {
  for (const stdin of ["", "{", '{"cniVersion":"0.2.0"}']) {
    const done = await callPlugin(path, { command: "VERSION", stdin });
    assert.equal(done.code, 0);
    assert.equal(done.stdout.trimEnd().includes("\n"), false);
    assert.deepEqual(JSON.parse(done.stdout), { cniVersion: "1.1.0", supportedVersions: ALL });
  }
});

Deno.test("VERSION works in an empty environment", async () => {
  const bare = { CNI_CONTAINERID: undefined, CNI_NETNS: undefined, CNI_IFNAME: undefined };
  const env = { ...bare, CNI_PATH: undefined, PATH: undefined };
  assert.equal((await callPlugin(path, { command: "VERSION", env })).code, 0);
});

Deno.test("missing variables are code 4 and named in order", async () => {
  const env = { CNI_CONTAINERID: undefined, CNI_NETNS: undefined, CNI_IFNAME: "", CNI_PATH: "" };
  const error = errorOf(await callPlugin(path, { env }));
  assert.equal(error.code, 4);
  assert.match(error.msg, /CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH/);
  for (const command of ["STATUS", "GC"]) {
    const bare = errorOf(await callPlugin(path, { command, env }));
    assert.equal(bare.code, 4);
    assert.match(bare.msg, /CNI_PATH/);
  }
});

for (
  const [what, env] of [
    ["an unknown command", { CNI_COMMAND: "UPDATE" }],
    ["a bad container ID", { CNI_CONTAINERID: "../x" }],
    ["a long interface name", { CNI_IFNAME: "sixteen-letters-" }],
    ["the interface name ..", { CNI_IFNAME: ".." }],
    ["an interface name with a blank", { CNI_IFNAME: "a b" }],
    ["CNI_ARGS without =", { CNI_ARGS: "K8S_POD_NAME" }],
    ["CNI_ARGS with two =", { CNI_ARGS: "K8S_POD_NAME=a=b" }],
    ["a pod name that is a path", { CNI_ARGS: "K8S_POD_NAMESPACE=x;K8S_POD_NAME=../y" }],
  ] as const
) {
  Deno.test(`${what} is code 4`, async () => {
    const error = errorOf(await callPlugin(path, { env }));
    assert.equal(error.code, 4);
    assert.match(error.msg, new RegExp(Object.keys(env)[0] ?? ""));
  });
}

for (
  const [what, stdin, code] of [
    ["empty", "", 6],
    ["not JSON", "{not json", 6],
    ["binary", "\u0000\u0001\u0002", 6],
    ["huge (10 MB)", `{"name":"${"x".repeat(10_000_000)}"}`, 6],
    ["without name", '{"cniVersion":"1.0.0"}', 7],
    ["with a bad name", '{"cniVersion":"1.0.0","name":"-"}', 7],
    ["of another version", '{"cniVersion":"2.0.0","name":"n"}', 1],
    ["with a key of the wrong type", '{"name":"n","kubernetes":{"exclude_namespaces":"x"}}', 7],
  ] as const
) {
  Deno.test(`a configuration that is ${what} is code ${code}`, async () => {
    const started = performance.now();
    const error = errorOf(await callPlugin(path, { stdin }));
    assert.equal(error.code, code);
    assert.ok(performance.now() - started < 5000);
  });
}

Deno.test("the error JSON names the configuration's version", async () => {
  const stdin = netConf({ cniVersion: "0.3.1", log_level: [] });
  assert.equal(errorOf(await callPlugin(path, { stdin })).code, 7);
  const early = { ...netConf(), cniVersion: "0.3.1" };
  const done = await callPlugin(path, { command: "CHECK", stdin: early });
  assert.deepEqual({ ...errorOf(done), msg: "", details: "" }, {
    cniVersion: "0.3.1",
    code: 1,
    msg: "",
    details: "",
  });
});

Deno.test("CHECK needs 0.4.0, GC and STATUS need 1.1.0", async () => {
  for (const [command, least] of [["CHECK", "0.4.0"], ["GC", "1.1.0"], ["STATUS", "1.1.0"]]) {
    for (const cniVersion of ALL) {
      const stdin = netConf({ cniVersion });
      const done = await callPlugin(path, { command: command ?? "", stdin });
      if (ALL.indexOf(cniVersion) < ALL.indexOf(least ?? "")) assert.equal(errorOf(done).code, 1);
      else assert.deepEqual([done.code, done.stdout], [0, ""], `${command} ${cniVersion}`);
    }
  }
});

Deno.test("DEL succeeds in every version, without namespace, API server and prevResult, again and again", async () => {
  for (const cniVersion of ALL) {
    for (const CNI_NETNS of [undefined, "", "/run/netns/gone", "/etc/passwd"]) {
      const env = { CNI_NETNS, CNI_ARGS: "K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web" };
      const done = await callPlugin(path, { command: "DEL", env, stdin: netConf({ cniVersion }) });
      assert.deepEqual(done, { code: 0, stdout: "", stderr: "" });
    }
  }
});

Deno.test("ADD of what is no pod passes prevResult on, whatever its version, unknown keys included", async () => {
  for (const cniVersion of ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]) {
    const prevResult = { cniVersion, interfaces: [{ name: "eth0", mtu: 9000 }], theirs: [1, null] };
    const done = await callPlugin(path, { stdin: netConf({ cniVersion, prevResult }) });
    assert.deepEqual([done.code, done.stderr], [0, ""]);
    assert.deepEqual(JSON.parse(done.stdout), prevResult);
  }
});

Deno.test("ADD without prevResult gives the empty result of the version", async () => {
  for (const cniVersion of ["1.0.0", "1.1.0"]) {
    const done = await callPlugin(path, { stdin: netConf({ cniVersion }) });
    assert.deepEqual(JSON.parse(done.stdout), { cniVersion });
  }
  for (const cniVersion of ["0.3.0", "0.3.1", "0.4.0"]) {
    const done = await callPlugin(path, { stdin: netConf({ cniVersion }) });
    assert.deepEqual(JSON.parse(done.stdout), { cniVersion, dns: {} });
  }
  for (const cniVersion of ["0.1.0", "0.2.0", ""]) {
    assert.equal(errorOf(await callPlugin(path, { stdin: netConf({ cniVersion }) })).code, 7);
  }
});

Deno.test("the plugin's own namespace is refused with code 8 and one JSON object, unless overridden", async () => {
  const CNI_NETNS = "/proc/self/ns/net";
  for (const command of ["ADD", "DEL"]) {
    assert.equal(errorOf(await callPlugin(path, { command, env: { CNI_NETNS } })).code, 8);
    for (const CNI_NETNS_OVERRIDE of ["1", "TRUE"]) {
      const env = { CNI_NETNS, CNI_NETNS_OVERRIDE };
      assert.equal((await callPlugin(path, { command, env })).code, 0);
    }
  }
});

Deno.test("STATUS is well without kubeconfig file and API server, and not without a configured one", async () => {
  const well = await callPlugin(path, {
    command: "STATUS",
    stdin: netConf({ cniVersion: "1.1.0" }),
  });
  assert.deepEqual([well.code, well.stdout], [0, ""]);
  const stdin = netConf({ cniVersion: "1.1.0", kubernetes: {} });
  assert.equal(errorOf(await callPlugin(path, { command: "STATUS", stdin })).code, 50);
});

Deno.test("GC takes what libcni sends and says nothing", async () => {
  const valid = [{ containerID: "a1b2c3", ifname: "eth0" }];
  const stdin = netConf({
    cniVersion: "1.1.0",
    "cni.dev/valid-attachments": valid,
    "cni.dev/attachments": valid,
  });
  const done = await callPlugin(path, { command: "GC", stdin });
  assert.deepEqual([done.code, done.stdout], [0, ""]);
});

Deno.test.afterAll(() => plugin[Symbol.dispose]());
