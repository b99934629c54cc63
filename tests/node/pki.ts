/**
 * Keys, certificates and kubeconfigs of a node.
 *
 * @module
 */
import { type ClusterPki, createPki, type KeyPair } from "../kube/pki.ts";
import { hasControlPlane, nodeFiles, type NodeSpec } from "./spec.ts";

/** Makes those of a cluster with these nodes, whose API server has this address beside the usual ones. */
export function clusterPki(address: string, nodes: readonly string[]): Promise<ClusterPki> {
  const kubelets = nodes.map((name) => [name, `CN=system:node:${name}, O=system:nodes`]);
  return createPki({
    addresses: [address],
    clients: {
      ...Object.fromEntries(kubelets),
      "controller-manager": "CN=system:kube-controller-manager",
      scheduler: "CN=system:kube-scheduler",
    },
  });
}

/** Writes what this node needs into its folder. */
export async function writePki(spec: NodeSpec, pki: ClusterPki): Promise<void> {
  const { pki: at } = nodeFiles(spec.dir);
  await Deno.mkdir(at);
  const write = (file: string, text: string) =>
    Deno.writeTextFile(`${at}/${file}`, `${text.trim()}\n`, { mode: 0o600 });
  const pair = async (who: string, { key, certificate }: KeyPair) => {
    await write(`${who}.key`, key);
    await write(`${who}.crt`, certificate);
  };
  const client = async (who: string, keys: KeyPair | undefined) => {
    if (keys === undefined) throw new Error(`There is no certificate of ${who}`);
    await pair(who, keys);
    await write(`${who}.kubeconfig`, JSON.stringify(configOf(spec, who)));
  };
  await write("ca.crt", pki.caPem);
  await client("admin", pki.admin);
  await client("kubelet", pki.clients[spec.name]);
  if (!hasControlPlane(spec)) return;
  await pair("server", pki.server);
  for (const who of ["controller-manager", "scheduler"]) await client(who, pki.clients[who]);
  await write("service-accounts.key", pki.serviceAccounts.privateKey);
  await write("service-accounts.pub", pki.serviceAccounts.publicKey);
}

function configOf({ dir, apiServer }: NodeSpec, who: string): object {
  const { pki: at } = nodeFiles(dir);
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{
      name: "node",
      cluster: { server: `https://${apiServer}:6443`, "certificate-authority": `${at}/ca.crt` },
    }],
    users: [{
      name: who,
      user: { "client-certificate": `${at}/${who}.crt`, "client-key": `${at}/${who}.key` },
    }],
    contexts: [{ name: "node", context: { cluster: "node", user: who } }],
    "current-context": "node",
  };
}
