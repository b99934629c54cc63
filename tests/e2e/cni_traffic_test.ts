import assert from "node:assert/strict";
import type { PodSandbox } from "../chain/chain.ts";
import { sharedCluster } from "../kube/apiserver.ts";
import { requires } from "../support/requires.ts";
import { type FlowResult, Lab } from "../support/traffic/lab.ts";
import { CniNode, type MeshPod } from "./cni_node.ts";

const test = requires("root", "netns", "go", "etcd", "cni-plugins", "iptables-nft");
const SIDECAR = 5678;
const APP = 1000;
const FAMILIES = ["ipv4", "ipv6"] as const;

/** Listens in a pod as application, as Envoy and as its DNS proxy. */
function listenIn(lab: Lab, sandbox: PodSandbox): void {
  for (const family of FAMILIES) {
    const one = (port: number, label: string, uid = 0) =>
      lab.listen({ ns: sandbox.name, protocol: "tcp", family, port, label, uid });
    one(8080, "app");
    one(9901, "admin");
    one(15001, "outbound", SIDECAR);
    one(15006, "inbound", SIDECAR);
    lab.listen({
      ...{ ns: sandbox.name, protocol: "udp", family, port: 15053, label: "dns-proxy" },
      // Where redirected datagrams of this pod arrive.
      ...{ uid: SIDECAR, address: family === "ipv4" ? "127.0.0.1" : "::1" },
    });
  }
}

type Addresses = Readonly<Record<typeof FAMILIES[number], string>>;

/** Addresses that the chain gave to a pod. */
async function addressesOf(node: CniNode, pod: MeshPod): Promise<Addresses> {
  const added = await node.add(pod);
  assert.equal(added.error, "");
  const all = (added.result?.ips ?? []).map((ip) => ip.address.split("/")[0] ?? "");
  return {
    ipv4: all.find((address) => !address.includes(":")) ?? "",
    ipv6: all.find((address) => address.includes(":")) ?? "",
  };
}

const landed = (result: FlowResult) => result.listener ?? result.outcome;

test("connections from and to an injected pod land at its sidecar, excluded ones do not", async (t) => {
  await using cluster = await sharedCluster();
  await using node = await CniNode.create(cluster);
  using lab = new Lab();
  const mesh = await node.createPod({
    annotations: {
      "kuma.io/builtin-dns": "enabled",
      "traffic.kuma.io/exclude-outbound-ports": "8080",
      "traffic.kuma.io/exclude-outbound-ports-for-uids": "tcp:9080:1234",
    },
  });
  const plain = await node.createPod({ containers: ["app"] });
  const inMesh = await addressesOf(node, mesh);
  const outside = await addressesOf(node, plain);
  listenIn(lab, mesh.sandbox);
  for (const family of FAMILIES) {
    for (const port of [8080, 9080, 9090]) {
      lab.listen({ ns: plain.sandbox.name, protocol: "tcp", family, port, label: "remote" });
    }
  }
  for (const family of FAMILIES) {
    const from = (pod: MeshPod, uid: number, address: string, port: number) =>
      landed(lab.send({ ns: pod.sandbox.name, uid, protocol: "tcp", to: { address, port } }));
    await t.step(`${family}: to the pod`, () => {
      assert.equal(from(plain, APP, inMesh[family], 8080), "inbound");
      assert.equal(from(plain, APP, inMesh[family], 7777), "inbound");
      assert.equal(from(plain, APP, inMesh[family], 9901), "admin");
    });
    await t.step(`${family}: from the pod`, () => {
      assert.equal(from(mesh, APP, outside[family], 9090), "outbound");
      assert.equal(from(mesh, 0, outside[family], 9080), "outbound");
      assert.equal(from(mesh, APP, outside[family], 8080), "remote");
      assert.equal(from(mesh, 1234, outside[family], 9080), "remote");
      assert.equal(from(mesh, 1234, outside[family], 9090), "outbound");
      assert.equal(from(mesh, SIDECAR, outside[family], 9090), "remote");
    });
    await t.step(`${family}: an init container's root, before anything of the pod ran`, () => {
      // The rules are there when ADD returns, and containers start later: any user is redirected.
      assert.equal(from(mesh, 0, outside[family], 9090), "outbound");
    });
    await t.step(`${family}: DNS to any server`, () => {
      const to = { address: outside[family], port: 53 };
      const sent = lab.send({ ns: mesh.sandbox.name, uid: APP, protocol: "udp", to });
      assert.equal(landed(sent), "dns-proxy");
      assert.equal(sent.answered, true);
    });
    await t.step(`${family}: the pod without a sidecar is left alone`, () => {
      assert.equal(from(plain, APP, outside[family], 9090), "remote");
    });
  }
  assert.equal((await node.del(mesh)).error, "");
  assert.equal((await node.del(plain)).error, "");
  assert.deepEqual(await node.chain.leftovers(), []);
});
