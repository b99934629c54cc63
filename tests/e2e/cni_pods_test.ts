import { delay } from "core/time/clock.ts";
import assert from "node:assert/strict";
import { inNetns } from "../chain/chain.ts";
import { callPlugin, podArgsText } from "../cni/plugin.ts";
import { sharedCluster } from "../kube/apiserver.ts";
import { run } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { CniNode, hasOurRules, INJECTED, ourRun, rulesIn } from "./cni_node.ts";

const test = requires("root", "netns", "go", "etcd", "cni-plugins", "iptables-nft");

async function hostRules(): Promise<string> {
  const texts = await Promise.all(
    ["iptables-nft-save", "iptables-legacy-save"].map((program) => run(program, [])),
  );
  return texts.map(({ stdout }) => stdout).join("").replaceAll(/^#.*\n|\[\d+:\d+\]/gm, "");
}

test("ADD of an injected pod writes rules of both families, DEL leaves nothing anywhere", async () => {
  await using cluster = await sharedCluster();
  await using node = await CniNode.create(cluster, "iptables");
  const before = await hostRules();
  const pod = await node.createPod();
  const added = await node.add(pod);
  assert.equal(added.error, "");
  assert.equal(added.result?.ips?.length, 2);
  assert.deepEqual(JSON.parse(ourRun(added).stdout), ourRun(added).stdin.prevResult);

  const rules = await rulesIn(pod.sandbox);
  assert.match(rules, /-A KUMA_MESH_INBOUND_REDIRECT .*--to-ports 15006/);
  assert.match(rules, /-A KUMA_MESH_OUTBOUND_REDIRECT .*--to-ports 15001/);
  assert.match(rules, /--uid-owner 5678/);
  assert.match(await inNetns(pod.sandbox, "ip", "-6", "addr", "show", "dev", "lo"), /::6\/128/);
  assert.match(await inNetns(pod.sandbox, "ip6tables-save"), /KUMA_MESH_INBOUND/);

  // Ours alone, as it was called: of the whole chain the bridge plugin refuses a second eth0.
  const again = await callPlugin(node.plugin.path, {
    env: {
      CNI_CONTAINERID: pod.sandbox.containerId,
      CNI_NETNS: pod.sandbox.netns,
      CNI_ARGS: podArgsText(pod.namespace, pod.name, pod.uid),
    },
    stdin: ourRun(added).stdin,
  });
  assert.deepEqual([again.code, again.stdout], [0, ourRun(added).stdout]);
  assert.match(node.log(), /pod was intercepted already/);
  assert.equal(await rulesIn(pod.sandbox), rules);
  assert.equal((await node.check(pod)).error, "");

  assert.equal((await node.del(pod)).error, "");
  assert.equal((await node.del(pod)).error, "");
  assert.deepEqual(await node.chain.leftovers(), []);
  assert.equal(await hostRules(), before);
  assert.equal(hasOurRules(await node.chain.exec("iptables-save")), false);
  assert.doesNotMatch(node.log(), /eyJ/);
  assert.match(node.log(), new RegExp(`"pod":"${pod.namespace}/${pod.name}"`));
});

test("every skip rule leaves its pod alone and passes the result on", async (t) => {
  await using cluster = await sharedCluster();
  await using node = await CniNode.create(cluster, "iptables");
  const leave = async (what: string, make: Parameters<CniNode["createPod"]>[0], reason: RegExp) => {
    await t.step(what, async () => {
      const pod = await node.createPod(make);
      const added = await node.add(pod);
      assert.equal(added.error, "");
      assert.equal(added.result?.ips?.length, 2);
      assert.equal(hasOurRules(await rulesIn(pod.sandbox)), false);
      assert.match(node.log(), reason);
      assert.equal((await node.check(pod)).error, "");
      assert.equal((await node.del(pod)).error, "");
    });
  };
  await leave("kuma-init", { initContainers: ["kuma-init"] }, /has the init container kuma-init/);
  await leave("no sidecar", { containers: ["app"] }, /no container kuma-sidecar/);
  await leave("builtin gateway", { containers: ["kuma-gateway"] }, /no container kuma-sidecar/);
  const off = { annotations: { "kuma.io/sidecar-injected": "false" } };
  await leave("not injected", off, /is not \\"true\\"/);

  await t.step("an excluded namespace, without the API server", async () => {
    node.writeKubeconfig("not a kubeconfig");
    await node.writeConflist({
      kubernetes: { kubeconfig: node.kubeconfig, exclude_namespaces: [node.namespace] },
    });
    const pod = await node.createPod();
    assert.equal((await node.add(pod)).error, "");
    assert.equal(hasOurRules(await rulesIn(pod.sandbox)), false);
  });
  await t.step("the installer's own pod, with nothing on the node", async () => {
    Deno.removeSync(node.kubeconfig);
    await node.writeConflist();
    const sandbox = await node.chain.createSandbox();
    const own = { namespace: "kube-system", name: "kuma-cni-node-x7k2p", uid: "u", sandbox };
    await node.writeConflist({ kubernetes: { kubeconfig: node.kubeconfig } });
    assert.equal((await node.add(own)).error, "");
    assert.equal(hasOurRules(await rulesIn(sandbox)), false);
  });
  await t.step("what is no pod", async () => {
    const sandbox = await node.chain.createSandbox();
    const options = { network: node.network, binDirs: [node.plugin.binDir] };
    assert.equal((await node.chain.cniAdd(sandbox, options)).error, "");
  });
});

test("a native sidecar is taken too", async () => {
  await using cluster = await sharedCluster();
  await using node = await CniNode.create(cluster, "iptables");
  const pod = await node.createPod({ containers: ["app"], initContainers: ["kuma-sidecar"] });
  assert.equal((await node.add(pod)).error, "");
  assert.equal(hasOurRules(await rulesIn(pod.sandbox)), true);
});

test("each annotation changes the rules", async (t) => {
  await using cluster = await sharedCluster();
  await using node = await CniNode.create(cluster, "iptables");
  const cases: [string, Record<string, string>, RegExp[], RegExp[]][] = [
    ["outbound ports", { "traffic.kuma.io/exclude-outbound-ports": "3306, 5432" }, [
      /--dport 3306 .*RETURN/,
      /--dport 5432 .*RETURN/,
    ], []],
    [
      "no inbound ports",
      {
        "traffic.kuma.io/exclude-inbound-ports": "",
        "kuma.io/application-probe-proxy-port": "0",
      },
      [],
      [/--dport 9901.*\n.*INBOUND/],
    ],
    ["UIDs", { "traffic.kuma.io/exclude-outbound-ports-for-uids": "tcp:80:1234;udp:53:1235" }, [
      /--dports 80 .*--uid-owner 1234 .*RETURN/,
      /--uid-owner 1235/,
    ], []],
    ["UIDs, older", { "traffic.kuma.io/exclude-outbound-tcp-ports-for-uids": "81:1236" }, [
      /--dports 81 .*--uid-owner 1236/,
    ], []],
    ["outbound addresses", { "traffic.kuma.io/exclude-outbound-ips": "10.9.0.0/16,fd99::/64" }, [
      /-d 10\.9\.0\.0\/16 .*RETURN/,
      /-d fd99::\/64 .*RETURN/,
    ], []],
    ["gateway", { "kuma.io/gateway": "yes" }, [
      /-A KUMA_MESH_INBOUND -p tcp .*inbound redirection is off/,
    ], [/-A KUMA_MESH_INBOUND .*-j KUMA_MESH_INBOUND_REDIRECT/]],
    ["ipv4 only", { "kuma.io/transparent-proxying-ip-family-mode": "ipv4" }, [/INBOUND/], []],
    ["DNS", { "kuma.io/builtin-dns": "enabled", "kuma.io/builtin-dns-port": "15099" }, [
      /--dport 53 .*--to-ports 15099/,
      /CT --zone/,
    ], []],
    [
      "ports",
      {
        "kuma.io/transparent-proxying-inbound-port": "25006",
        "kuma.io/transparent-proxying-outbound-port": "25001",
        "kuma.io/sidecar-uid": "4000000000",
      },
      [/--to-ports 25006/, /--to-ports 25001/, /--uid-owner 4000000000/],
      [/15001|15006/],
    ],
    ["drop invalid", { "traffic.kuma.io/drop-invalid-packets": "true" }, [/INVALID .*DROP/], []],
    ["logs", { "traffic.kuma.io/iptables-logs": "true" }, [/-j LOG/], []],
    [
      "the single annotation",
      {
        "traffic.kuma.io/transparent-proxy-config":
          "kumaDPUser: '7777'\nredirect:\n  inbound:\n    port: 35006\n  outbound:\n    port: 35001\n" +
          "    excludePortsForUIDs: ['tcp:443:8888']\n",
      },
      [
        /--to-ports 35006/,
        /--to-ports 35001/,
        /--uid-owner 7777/,
        /--dports 443 .*--uid-owner 8888/,
      ],
      [],
    ],
  ];
  for (const [what, annotations, present, absent] of cases) {
    await t.step(what, async () => {
      const pod = await node.createPod({ annotations });
      assert.equal((await node.add(pod)).error, "");
      const rules = await rulesIn(pod.sandbox);
      for (const pattern of present) assert.match(rules, pattern);
      for (const pattern of absent) assert.doesNotMatch(rules, pattern);
      assert.equal((await node.check(pod)).error, "");
      if (what === "ipv4 only") {
        assert.equal(hasOurRules(await inNetns(pod.sandbox, "ip6tables-save")), false);
      }
      assert.equal((await node.del(pod)).error, "");
      await node.chain.deleteSandbox(pod.sandbox);
    });
  }
});

test("CHECK names the missing and the foreign rule, and is content with others' rules elsewhere", async () => {
  await using cluster = await sharedCluster();
  await using node = await CniNode.create(cluster, "iptables");
  const pod = await node.createPod();
  assert.equal((await node.add(pod)).error, "");
  const inPod = (...args: string[]) => inNetns(pod.sandbox, "iptables", "-w", ...args);

  await inPod("-t", "filter", "-A", "INPUT", "-p", "tcp", "--dport", "1", "-j", "ACCEPT");
  await inPod("-t", "nat", "-A", "POSTROUTING", "-p", "tcp", "--dport", "2", "-j", "ACCEPT");
  assert.equal((await node.check(pod)).error, "");

  await inPod("-t", "nat", "-A", "KUMA_MESH_OUTBOUND", "-p", "tcp", "--dport", "3", "-j", "RETURN");
  const foreign = await node.check(pod);
  assert.equal(foreign.code, 105);
  assert.match(foreign.error, /KUMA_MESH_OUTBOUND.*dport 3/);
  await inPod("-t", "nat", "-D", "KUMA_MESH_OUTBOUND", "-p", "tcp", "--dport", "3", "-j", "RETURN");
  assert.equal((await node.check(pod)).error, "");

  await inPod("-t", "nat", "-F", "KUMA_MESH_INBOUND_REDIRECT");
  const missing = await node.check(pod);
  assert.equal(missing.code, 105);
  assert.match(missing.error, /KUMA_MESH_INBOUND_REDIRECT.*missing/);
  assert.match(missing.error, /15006/);
});

test("the pod's uid is checked: a recreated pod's old object is waited for, a static pod is known", async () => {
  await using cluster = await sharedCluster();
  await using node = await CniNode.create(cluster, "iptables");
  const pod = await node.createPod();
  const stale = await node.add({ ...pod, uid: crypto.randomUUID() });
  assert.equal(stale.code, 11);
  assert.match(stale.error, new RegExp(pod.uid));
  assert.equal(hasOurRules(await rulesIn(pod.sandbox)), false);

  const hash = crypto.randomUUID();
  const mirror = await node.createPod({ annotations: { "kubernetes.io/config.hash": hash } });
  assert.equal((await node.add({ ...mirror, uid: hash })).error, "");
});

test("a pod that comes late is waited for", async () => {
  await using cluster = await sharedCluster();
  await using node = await CniNode.create(cluster, "iptables");
  const sandbox = await node.chain.createSandbox();
  const pod = { namespace: node.namespace, name: "late", uid: "", sandbox };
  const adding = node.chain.cniAdd(sandbox, {
    network: node.network,
    binDirs: [node.plugin.binDir],
    pod: { namespace: pod.namespace, name: pod.name },
  });
  // It asks several times in five seconds, of which a slow machine needs its share.
  await delay(700);
  await cluster.createPod(node.namespace, {
    metadata: { name: "late", annotations: { ...INJECTED } },
    spec: { containers: [{ name: "kuma-sidecar", image: "x:1" }] },
  });
  assert.equal((await adding).error, "");
  assert.equal(hasOurRules(await rulesIn(sandbox)), true);
});

test("a token that was renewed is used by the next ADD", async () => {
  await using cluster = await sharedCluster();
  await using node = await CniNode.create(cluster, "iptables");
  const good = Deno.readTextFileSync(node.kubeconfig);
  node.writeKubeconfig(cluster.kubeconfig("stale-token"));
  const pod = await node.createPod();
  const refused = await node.add(pod);
  assert.equal(refused.code, 11);
  assert.match(refused.error, /token is stale/);
  assert.doesNotMatch(refused.error + node.log(), /stale-token/);
  await node.del(pod);
  node.writeKubeconfig(good);
  assert.equal((await node.add(pod)).error, "");
});
