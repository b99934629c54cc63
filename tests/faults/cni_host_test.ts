import assert from "node:assert/strict";
import { errorOf, InstalledPlugin, netConf } from "../cni/plugin.ts";
import { requires } from "../support/requires.ts";
import { must } from "../support/processes.ts";
import { readySandbox } from "./ready_sandbox.ts";

const test = requires("root", "netns", "iptables-nft");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

/** A sandbox whose pod the API server knows. */
const ready = (annotations: Record<string, string> = {}) => readySandbox(plugin, annotations);

test("a namespace that is missing, a plain file, a directory or of another kind is code 4", async () => {
  await using node = await ready();
  const file = `${node.sandbox.dir}/plain`;
  Deno.writeTextFileSync(file, "");
  for (const CNI_NETNS of ["/run/netns/no-such-netns", file, "/run", "/proc/self/ns/uts"]) {
    for (const command of ["ADD", "CHECK"]) {
      const error = errorOf(await node.sandbox.call(command, { env: { CNI_NETNS } }));
      assert.equal(error.code, 4);
      assert.ok(error.msg.includes(CNI_NETNS), error.msg);
    }
    assert.equal((await node.sandbox.call("DEL", { env: { CNI_NETNS } })).code, 0);
  }
});

test("a FIFO in the place of the namespace does not make the plugin wait", async () => {
  await using node = await ready();
  const CNI_NETNS = `${node.sandbox.dir}/fifo`;
  await must("mkfifo", [CNI_NETNS]);
  assert.equal(errorOf(await node.sandbox.call("ADD", { env: { CNI_NETNS } })).code, 4);
});

test("a host without iptables: code 104, which says what to install; DEL and STATUS are well", async () => {
  await using node = await ready();
  // The directories of programs are empty in a mount namespace of the call's own.
  const hidden = ["/usr/sbin", "/sbin", "/usr/local/sbin"];
  const script = [
    ...["unshare", "--mount", "--propagation", "private", "sh", "-c"],
    `mkdir -p ${node.sandbox.dir}/none; for d in ${hidden.join(" ")}; do ` +
    `mount --bind ${node.sandbox.dir}/none $d; done; exec ${plugin.path}`,
  ];
  const words = [
    ...["-i", "CNI_CONTAINERID=a", "CNI_IFNAME=eth0", "CNI_PATH=/x", "PATH=/usr/bin:/bin"],
    `CNI_NETNS=/run/netns/${node.sandbox.name}`,
    "CNI_ARGS=K8S_POD_NAMESPACE=demo;K8S_POD_NAME=web",
  ];
  const stdin = JSON.stringify(netConf({
    cniVersion: "1.1.0",
    firewall_backend: "iptables",
    kubernetes: { kubeconfig: node.sandbox.kubeconfig },
  }));
  const call = async (command: string) => {
    const { run } = await import("../support/processes.ts");
    return await run("env", [...words, `CNI_COMMAND=${command}`, ...script], { stdin });
  };
  const error = errorOf(await call("ADD"));
  assert.equal(error.code, 104);
  assert.match(error.msg, /iptables/);
  assert.match(error.details ?? "", /KUMA-TP-201/);
  assert.equal((await call("DEL")).code, 0);
  assert.equal((await call("STATUS")).code, 0);
});

test("ADD again and again changes nothing", async () => {
  await using node = await ready({ "kuma.io/builtin-dns": "true" });
  assert.equal((await node.sandbox.call("ADD")).code, 0);
  const rules = await node.sandbox.rules();
  assert.match(rules, /KUMA_MESH_INBOUND/);
  for (let again = 0; again < 3; again += 1) {
    assert.equal((await node.sandbox.call("ADD")).code, 0);
    assert.equal(await node.sandbox.rules(), rules);
  }
  assert.equal((await node.sandbox.call("CHECK")).code, 0);
});

test("ADD leaves other programs' rules in the namespace alone", async () => {
  await using node = await ready();
  const { name } = node.sandbox;
  for (const table of ["nat", "filter"]) {
    const rule = ["-t", table, "-A", "OUTPUT", "-p", "tcp", "--dport", "7", "-j", "ACCEPT"];
    await must("ip", ["netns", "exec", name, "iptables", ...rule]);
  }
  assert.equal((await node.sandbox.call("ADD")).code, 0);
  assert.equal((await node.sandbox.rules()).match(/--dport 7 -j ACCEPT/g)?.length, 2);
  assert.equal((await node.sandbox.call("CHECK")).code, 0);
});

test("the sidecar's user is taken as it is: the node's user database is not asked", async () => {
  await using node = await ready({ "kuma.io/sidecar-uid": "3999999999" });
  assert.equal((await node.sandbox.call("ADD")).code, 0);
  assert.match(await node.sandbox.rules(), /--uid-owner 3999999999/);
});

for (
  const [what, ...words] of [
    ["an empty file", "cp", "/dev/null"],
    ["a file with bytes", "cp", "/etc/passwd"],
    ["a FIFO", "mkfifo"],
  ] as const
) {
  test(`a node whose /dev/zero is ${what}: the pod is intercepted all the same`, async () => {
    await using node = await ready();
    const path = `${node.sandbox.dir}/zero`;
    const [program, ...args] = words;
    await must(program, [...args, path]);
    const script = `mount --bind ${path} /dev/zero && exec ${plugin.path}`;
    const within = ["timeout", "-s", "KILL", "10", "unshare", "--mount", "sh", "-c", script];
    const done = await node.sandbox.call("ADD", { within });
    assert.equal(done.code, 0, done.stdout);
    assert.match(await node.sandbox.rules(), /KUMA_MESH_INBOUND/);
  });
}

test("a node without /dev/null: what lacks is said, and not that iptables does", async () => {
  await using node = await ready();
  const script = `mount -t tmpfs none /dev && exec ${plugin.path}`;
  const within = ["unshare", "--mount", "sh", "-c", script];
  assert.equal((await node.sandbox.call("ADD", { within })).code, 0);
  // What lists rules is given it as standard input.
  const error = errorOf(await node.sandbox.call("CHECK", { within }));
  assert.match(error.msg, /"\/usr\/sbin\/iptables.* is there and cannot be started: .*\/dev\/null/);
});
