/**
 * Looking at the test's node: what is in force there, and what could be left behind.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { TestNode } from "./node.ts";

/** Keys of a node's taints. */
export async function taintsOf(node: TestNode, which: TestNode): Promise<string[]> {
  const { spec } = JSON.parse(await node.must(["get", "node", which.spec.name, "-o", "json"]));
  return (spec.taints ?? []).map(({ key }: { key: string }) => key);
}

/** Waits until a node, the cluster's first where none is said, has no taint of ours. */
export async function untilFree(node: TestNode, which = node): Promise<void> {
  await node.until(
    `${which.spec.name} has no taint of ours`,
    async () => !(await taintsOf(node, which)).includes("NodeReadiness"),
  );
}

/** Waits until the loader has a pod of the namespace on record: it hears of it by itself. */
export async function loaderHas(node: TestNode, pod: string): Promise<void> {
  const line = new RegExp(`^Pod shop/${pod} `, "m");
  await node.until(`the loader has ${pod}`, async () => line.test(await loaderStatus(node)));
}

/** Waits until the loader has no pod on record any more. */
export async function loaderForgets(node: TestNode): Promise<void> {
  await node.until(
    "the loader has forgotten the pods",
    async () => /^ {2}pods +0 of /m.test(await loaderStatus(node)),
  );
}

/** Identifiers of the programs that are attached to the node's control groups: the kernel gives none a second time. */
export async function programsOf(node: TestNode): Promise<number[]> {
  const tree = ["-j", "cgroup", "tree", `/sys/fs/cgroup/unified/${node.spec.cgroup}`];
  const { code, stdout, stderr } = await node.run("bpftool", tree);
  assert.equal(code, 0, stderr);
  const groups = JSON.parse(stdout) as { programs: { id: number }[] }[];
  return groups.flatMap(({ programs }) => programs.map(({ id }) => id));
}

/** What the loader says of the node; its exit code is 1 while a pod that has gone is on record. */
async function loaderStatus(node: TestNode): Promise<string> {
  const program = ["/usr/bin/kuma-ebpf-loader", "status"];
  const exec = ["exec", "-n", "kube-system", "daemonset/kuma-ebpf-loader", "--", ...program];
  return (await node.kubectl(exec)).stdout;
}

/** The network namespace, by its name on the node, of the pod there with this address. */
export async function netnsOf(node: TestNode, ip: string): Promise<string> {
  const { stdout } = await node.run("ls", ["/run/netns"]);
  for (const name of stdout.trim().split("\n")) {
    const addresses = await node.run("ip", ["netns", "exec", name, "ip", "-o", "addr"]);
    if (addresses.stdout.includes(` ${ip}/`)) return name;
  }
  throw new Error(`no network namespace has ${ip}`);
}

/** What nftables and iptables-nft hold in the network namespace of the pod with this address. */
export async function firewallOf(node: TestNode, ip: string): Promise<string> {
  const inside = ["netns", "exec", await netnsOf(node, ip)];
  const { code, stdout, stderr } = await node.run("ip", [...inside, "nft", "list", "ruleset"]);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** Names of everything in the cluster that the system could leave behind. */
export async function clusterObjects(node: TestNode): Promise<string[]> {
  const kinds = "namespaces,crds,clusterroles,clusterrolebindings,priorityclasses," +
    "mutatingwebhookconfigurations,validatingwebhookconfigurations";
  const inNamespaces = "deployments,daemonsets,services,serviceaccounts,configmaps,secrets,roles," +
    "rolebindings,poddisruptionbudgets,leases";
  const names = async (...args: string[]) =>
    (await node.must(["get", ...args, "-o", "name"])).trim().split("\n");
  return [...await names(kinds), ...await names(inNamespaces, "-A")].sort();
}

/** Waits until a new cluster has made all that it makes by itself: the Leases, and two objects in each namespace. */
export async function untilSettled(node: TestNode): Promise<void> {
  await node.until("the cluster has what it makes by itself", async () => {
    const all = await clusterObjects(node);
    const count = (pattern: RegExp) => all.filter((name) => pattern.test(name)).length;
    const namespaces = count(/^namespace\//);
    return namespaces >= 4 && count(/^configmap\/kube-root-ca\.crt$/) === namespaces &&
      count(/^serviceaccount\/default$/) === namespaces &&
      count(/^lease\.coordination\.k8s\.io\//) >= 2;
  });
}

/** What is in the folders of the node where a CNI lives, and what is pinned there. */
export async function nodeFilesOf(node: TestNode): Promise<string> {
  const { stdout } = await node.run("find", [
    ...["/etc/cni/net.d", "/opt/cni/bin", "-type", "f", "-exec", "sha256sum", "{}", "+"],
  ]);
  const { stdout: pins } = await node.run("find", ["/sys/fs/bpf", "-mindepth", "1"]);
  return pins + stdout.trim().split("\n").sort().join("\n");
}
