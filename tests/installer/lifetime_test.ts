import assert from "node:assert/strict";
import { checkedDocument } from "tests/support/documents.ts";
import { metricsSteps } from "tests/support/metrics.ts";
import { freePort, sleep, waitUntil } from "tests/support/processes.ts";
import { CALICO, isThere, TestNode } from "./node.ts";

const LIST = "10-calico.conflist";

Deno.test("install, heal, and leave nothing behind when the DaemonSet is gone", async (t) => {
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  const port = freePort();
  const installer = node.start({ CNI_HTTP_PORT: String(port) });
  await installer.ready();
  assert.deepEqual(node.chain(LIST), ["calico", "portmap", "kuma-cni"]);
  assert.deepEqual(node.names(), [
    ".kuma-cni",
    LIST,
    "ZZZ-kuma-cni-kubeconfig",
  ]);
  assert.equal(
    (Deno.statSync(`${node.netDir}/ZZZ-kuma-cni-kubeconfig`).mode ?? 0) & 0o777,
    0o600,
  );

  node.write(LIST, CALICO);
  await node.chained(LIST, 1000);
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  assert.match(page, /^kuma_cni_heals_total\{what="chain"\} 1$/m);
  await metricsSteps(t, "install-cni", page);
  const level = node.start({ CNI_HTTP_PORT: String(port) }, ["log-level", "debug", "-o", "json"]);
  assert.equal(await level.end(), 0, level.output);
  const told = checkedDocument(level.output, "kuma.io/install-cni-log-level/v1");
  assert.equal(told.level, "debug");

  node.daemonSet = "gone";
  assert.equal(await installer.stop(), 0, installer.output);
  assert.deepEqual(node.names(), [LIST]);
  assert.equal(node.read(LIST), CALICO);
  assert.deepEqual([...Deno.readDirSync(node.binDir)], []);
  assert.ok(!isThere(node.readyFile));
});

Deno.test("on a node that is well, check would change nothing", async () => {
  for (const env of [{}, { CNI_LOG_LEVEL: "debug" }]) {
    await using node = await TestNode.create();
    node.write(LIST, CALICO);
    await node.start(env).ready();
    const check = node.start(env, ["check"]);
    assert.equal(await check.end(), 0, check.output);
    assert.match(check.output, /would {6}change nothing: "10-calico\.conflist" has the entry/);
  }
});

for (const state of ["there", "silent"] as const) {
  Deno.test(`a replaced installer leaves everything working (DaemonSet: ${state})`, async () => {
    await using node = await TestNode.create();
    node.write(LIST, CALICO);
    const installer = node.start();
    await installer.ready();
    const chained = node.read(LIST);
    node.daemonSet = state;
    assert.equal(await installer.stop(), 0, installer.output);
    assert.equal(node.read(LIST), chained);
    assert.ok(isThere(`${node.binDir}/kuma-cni`));
    assert.ok(isThere(`${node.netDir}/ZZZ-kuma-cni-kubeconfig`));

    // The next one finds everything as it should be, and writes nothing.
    const before = Deno.statSync(`${node.netDir}/${LIST}`).ino;
    const next = node.start();
    await next.ready();
    assert.equal(Deno.statSync(`${node.netDir}/${LIST}`).ino, before);
    assert.equal(node.tokenRequests, 1);
    node.daemonSet = "gone";
    await next.stop();
    assert.equal(node.read(LIST), CALICO);
  });
}

for (const state of ["gone", "deleting", "elsewhere", "forbidden"] as const) {
  Deno.test(`the DaemonSet is ${state}: the node is cleaned`, async () => {
    await using node = await TestNode.create();
    node.write(LIST, CALICO);
    const installer = node.start();
    await installer.ready();
    node.daemonSet = state;
    await installer.stop();
    assert.deepEqual(node.names(), [LIST], installer.output);
  });
}

Deno.test("CNI_ON_EXIT decides without asking", async () => {
  for (const [setting, left] of [["keep", 3], ["remove", 1]] as const) {
    await using node = await TestNode.create();
    node.write(LIST, CALICO);
    node.daemonSet = setting === "keep" ? "gone" : "there";
    const installer = node.start({ CNI_ON_EXIT: setting });
    await installer.ready();
    await installer.stop();
    assert.equal(node.names().length, left, setting);
  }
});

Deno.test("SLEEP=false installs, leaves it in place and exits 0", async () => {
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  const installer = node.start({ SLEEP: "false" });
  assert.equal(await installer.end(), 0, installer.output);
  assert.equal(node.chain(LIST)?.at(-1), "kuma-cni");
});

Deno.test("a .conf becomes a list, and comes back", async () => {
  await using node = await TestNode.create();
  const conf = `{\n  "cniVersion": "0.3.1",\n  "name": "cilium",\n  "type": "cilium-cni"\n}\n`;
  node.write("05-cilium.conf", conf);
  const installer = node.start({ CNI_CONF_NAME: "05-cilium.conf" });
  await installer.ready();
  assert.deepEqual(node.chain("05-cilium.conflist"), [
    "cilium-cni",
    "kuma-cni",
  ]);
  assert.ok(!isThere(`${node.netDir}/05-cilium.conf`));
  // An old Cilium writes its file anew at its own restart.
  node.write("05-cilium.conf", conf.replace("0.3.1", "0.4.0"));
  await sleep(300);
  assert.ok(!isThere(`${node.netDir}/05-cilium.conf`));
  assert.match(node.read("05-cilium.conflist"), /0\.4\.0/);
  node.daemonSet = "gone";
  await installer.stop();
  assert.deepEqual(node.names(), ["05-cilium.conf"]);
  assert.equal(node.read("05-cilium.conf"), conf.replace("0.3.1", "0.4.0"));
});

Deno.test("it waits for a config, and follows the file that wins", async () => {
  await using node = await TestNode.create();
  const installer = node.start();
  await sleep(400);
  assert.ok(!isThere(node.readyFile));
  node.write("50-late.conflist", CALICO);
  await installer.ready();
  node.write("20-first.conflist", CALICO.replaceAll("calico", "bridge"));
  await node.chained("20-first.conflist", 1000);
  await sleep(200);
  assert.equal(node.read("50-late.conflist"), CALICO);
  Deno.renameSync(
    `${node.netDir}/20-first.conflist`,
    `${node.netDir}/30-renamed.conflist`,
  );
  await sleep(300);
  assert.ok(isThere(node.readyFile));
  node.daemonSet = "gone";
  await installer.stop();
  assert.deepEqual(node.names(), ["30-renamed.conflist", "50-late.conflist"]);
  assert.equal(
    node.read("30-renamed.conflist"),
    CALICO.replaceAll("calico", "bridge"),
  );
});

Deno.test("standalone writes the text byte for byte, and never over another plugin's file", async () => {
  const config = `{ "cniVersion": "0.3.1", "name": "kuma-cni", "type": "kuma-cni",
  "kubernetes": { "kubeconfig": "__KUBECONFIG_FILEPATH__" } }\n`;
  const env = { CHAINED_CNI_PLUGIN: "false", CNI_NETWORK_CONFIG: config };
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  const installer = node.start({ ...env, CNI_CONF_NAME: "kuma-cni.conf" });
  await installer.ready();
  const path = `${node.netDir}/ZZZ-kuma-cni-kubeconfig`;
  assert.equal(
    node.read("kuma-cni.conf"),
    config.replace("__KUBECONFIG_FILEPATH__", path),
  );
  Deno.removeSync(`${node.netDir}/kuma-cni.conf`);
  await sleep(300);
  assert.equal(
    node.read("kuma-cni.conf"),
    config.replace("__KUBECONFIG_FILEPATH__", path),
  );
  // What somebody writes over our own file takes the plugin out as well.
  node.write("kuma-cni.conf", '{"cniVersion":"0.3.1","name":"other","type":"other"}');
  await waitUntil(
    "our own file",
    () => node.read("kuma-cni.conf") === config.replace("__KUBECONFIG_FILEPATH__", path),
  );
  node.daemonSet = "gone";
  await installer.stop();
  assert.deepEqual(node.names(), [LIST]);

  const other = node.start({ ...env, CNI_CONF_NAME: LIST });
  await sleep(500);
  assert.equal(node.read(LIST), CALICO);
  assert.match(other.output, /belongs to another plugin/);
});

Deno.test("a list that Kuma 2.9 left in a .conf is found without a name, and left usable", async () => {
  await using node = await TestNode.create();
  const left = CALICO.replace('"type": "portmap",', '"type": "kuma-cni",');
  node.write("10-calico.conf", left);
  const installer = node.start();
  await installer.ready();
  assert.deepEqual(node.names(), [".kuma-cni", "10-calico.conflist", "ZZZ-kuma-cni-kubeconfig"]);
  assert.deepEqual(node.chain("10-calico.conflist"), ["calico", "kuma-cni"]);
  node.daemonSet = "gone";
  await installer.stop();
  assert.deepEqual(node.names(), ["10-calico.conflist"]);
  assert.deepEqual(node.chain("10-calico.conflist"), ["calico"]);
});

Deno.test("a drop-in is written beside the list, which stays as it is", async () => {
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  const installer = node.start({ CNI_CHAIN_METHOD: "drop-in" });
  await installer.ready();
  assert.equal(node.read(LIST), CALICO);
  assert.match(
    node.read("k8s-pod-network/zzz-kuma-cni.conf"),
    /"type": "kuma-cni"/,
  );
  node.daemonSet = "gone";
  await installer.stop();
  assert.deepEqual(node.names(), [LIST]);
});

Deno.test("a named file that is renamed is followed, and found again", async () => {
  await using node = await TestNode.create();
  node.write("10-azure.conflist", CALICO);
  const installer = node.start({ CNI_CONF_NAME: "10-azure.conflist" });
  await installer.ready();
  Deno.removeSync(`${node.netDir}/10-azure.conflist`);
  node.write("15-azure-swift-overlay.conflist", CALICO);
  await node.chained("15-azure-swift-overlay.conflist", 1000);
  node.write("10-azure.conflist", CALICO);
  await node.chained("10-azure.conflist", 1000);
  await sleep(200);
  assert.equal(node.read("15-azure-swift-overlay.conflist"), CALICO);
});
