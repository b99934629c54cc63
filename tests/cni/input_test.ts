import assert from "node:assert/strict";
import { run } from "../support/processes.ts";
import { callPlugin, errorOf, InstalledPlugin, netConf, podArgsText } from "./plugin.ts";

const plugin = InstalledPlugin.create();
const { path } = plugin;
Deno.test.afterAll(() => plugin[Symbol.dispose]());

/** Values that a reader with doubles, sorted keys or an own model of results would change. */
const EXOTIC =
  '"interfaces":[{"name":"eth0","mac":"0a:58:0a:f4:00:02","mtu":18446744073709551615,' +
  '"socketPath":"/s","pciID":"0000:00:1f.6","theirs":{"10":1,"9":-0,"__proto__":null}}],' +
  '"ips":[{"version":"4","address":"10.0.0.2/24","gateway":"10.0.0.1","interface":0}],' +
  '"routes":[{"dst":"0.0.0.0/0","mtu":1.50,"advmss":1e3,"priority":9007199254740993,"scope":253}],' +
  '"dns":{},"k":1,"k":2,"text":"\\u00e9\\ud83d\\/é","z":null';

for (const version of ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]) {
  Deno.test(`prevResult of ${version} is printed byte for byte, whatever is in it`, async () => {
    const prevResult = `{ "cniVersion" : "${version}",\n ${EXOTIC} }`;
    const stdin = `{"cniVersion":"${version}","name":"n","prevResult":${prevResult},"type":"x"}`;
    const done = await callPlugin(path, { stdin });
    assert.deepEqual(done, { code: 0, stdout: prevResult, stderr: "" });
  });
}

for (
  const [what, text] of [
    ["a byte order mark", `\uFEFF${JSON.stringify(netConf())}`],
    [
      "doubled keys, the last one counts",
      '{"name":"-","name":"n","cniVersion":"9","cniVersion":"1.0.0"}',
    ],
    [
      "unknown keys of any kind",
      JSON.stringify(netConf({ mtu: "1500", __proto__: 1, args: [[]] })),
    ],
    [
      "keys that are null",
      '{"name":"n","cniVersion":"1.0.0","log_level":null,"kubernetes":null,"prevResult":null}',
    ],
    ["depth", `{"name":"n","cniVersion":"1.0.0","x":${"[".repeat(1e6)}${"]".repeat(1e6)}}`],
    ["blanks around it", `\r\n\t ${JSON.stringify(netConf())}\r\n\n`],
    [
      "what libcni adds",
      JSON.stringify(netConf({ runtimeConfig: { portMappings: [] }, ipam: {}, dns: {} })),
    ],
  ] as const
) {
  Deno.test(`a configuration with ${what} is read`, async () => {
    const done = await callPlugin(path, { stdin: text });
    assert.deepEqual([done.code, JSON.parse(done.stdout)], [0, { cniVersion: "1.0.0" }]);
  });
}

Deno.test("every log_level is taken: those of Kuma, other cases, others' words, none", async () => {
  for (const log_level of ["off", "info", "debug", "INFO", " Debug ", "warn", "trace", "", "5"]) {
    const sink = { log_socket: "/no/socket", log_file: "/no/such/dir/file" };
    const done = await callPlugin(path, { stdin: netConf({ ...sink, log_level }) });
    assert.equal(done.code, 0, `${log_level}: ${done.stdout}`);
    assert.equal(/"log_level" is unknown/.test(done.stderr), ["trace", "5"].includes(log_level));
  }
});

Deno.test("a configuration that is cut anywhere is an error of the specification", async () => {
  const whole = JSON.stringify(netConf({ prevResult: { cniVersion: "1.0.0", ips: [] } }));
  for (let at = 0; at < whole.length; at += 17) {
    assert.equal(errorOf(await callPlugin(path, { stdin: whole.slice(0, at) })).code, 6);
  }
});

Deno.test("CNI_ARGS: what is no pod is left alone, odd pairs are ignored or named", async () => {
  for (
    const args of [
      "",
      "IP=nonsense",
      "k8s_pod_name=web;K8S_POD_NAMESPACE=demo",
      "K8S_POD_NAMESPACE=demo",
      "K8S_POD_NAME=web",
      "K8S_POD_NAMESPACE=;K8S_POD_NAME=",
      `X=${"x".repeat(100_000)}`,
      `${"A=b;".repeat(20_000)}C=d`,
      "=;=",
    ]
  ) {
    const done = await callPlugin(path, { env: { CNI_ARGS: args } });
    assert.equal(done.code, 0, `${args.slice(0, 60)}: ${done.stdout}`);
  }
  for (
    const args of [
      "A=b;",
      ";",
      "A",
      "K8S_POD_NAMESPACE=Demo;K8S_POD_NAME=web",
      "K8S_POD_NAMESPACE=a/b",
    ]
  ) {
    const error = errorOf(await callPlugin(path, { env: { CNI_ARGS: args } }));
    assert.equal(error.code, 4);
    assert.match(error.msg, /CNI_ARGS/);
  }
});

Deno.test("long values: container ID, namespace path, PATH", async () => {
  const long = "a".repeat(100_000);
  for (const env of [{ CNI_CONTAINERID: long }, { CNI_NETNS: `/${long}` }, { PATH: `/${long}` }]) {
    const CNI_ARGS = podArgsText("kube-system", "web");
    const done = await callPlugin(path, { env: { CNI_ARGS, ...env }, stdin: netConf() });
    assert.equal(done.code, 0, done.stdout);
  }
});

Deno.test("a variable that is no UTF-8 is code 4 and named", async () => {
  for (const name of ["CNI_ARGS", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"]) {
    // printf of sh makes the byte; no argument of a program could carry it from here.
    const within = ["sh", "-c", `export ${name}="$(printf '\\377')"; exec ${path}`];
    const error = errorOf(await callPlugin(path, { within }));
    assert.equal(error.code, 4);
    assert.ok(error.msg.includes(name), error.msg);
  }
});

Deno.test("STATUS is well with everything around it broken", async () => {
  const broken = netConf({
    cniVersion: "1.1.0",
    log_level: "debug",
    log_socket: "/etc/passwd",
    log_file: "/proc/no/file",
    kubernetes: { kubeconfig: "/dev/zero" },
  });
  const env = { CNI_ARGS: "junk", CNI_NETNS: "/no/netns", CNI_CONTAINERID: "-", PATH: "/none" };
  const done = await callPlugin(path, { command: "STATUS", env, stdin: broken });
  assert.deepEqual([done.code, done.stdout], [0, ""]);
});

Deno.test("STATUS is code 50 without the rights to serve any pod", {
  ignore: Deno.uid() !== 0 || (await run("setpriv", ["--version"])).code !== 0,
}, async () => {
  for (const capability of ["net_admin", "sys_admin"]) {
    const within = ["setpriv", "--bounding-set", `-${capability}`, path];
    const stdin = netConf({ cniVersion: "1.1.0" });
    const error = errorOf(await callPlugin(path, { command: "STATUS", stdin, within }));
    assert.equal(error.code, 50);
    assert.match(error.msg, new RegExp(`CAP_${capability.toUpperCase()}`));
  }
});

Deno.test("GC takes attachments of any number and shape", async () => {
  const many = Array.from({ length: 20_000 }, (_, index) => ({
    containerID: `c${index}`.padEnd(64, "0"),
    ifname: "eth0",
  }));
  for (const list of [[], many, null, "junk", [{ containerID: 5 }]]) {
    const stdin = netConf({ cniVersion: "1.1.0", "cni.dev/valid-attachments": list });
    const done = await callPlugin(path, { command: "GC", stdin });
    assert.deepEqual(done, { code: 0, stdout: "", stderr: "" });
  }
});
