/**
 * Kubeconfig files of a test cluster, as text.
 *
 * @module
 */
import type { KeyPair } from "./pki.ts";

/** Where a cluster is reached and what proves it. */
export interface ClusterAddress {
  url: string;
  caPem: string;
}

/**
 * The form that install-cni writes for the plugin: cluster `local`, user `kuma-cni` with the token
 * inline, context `kuma-cni-context`, and no line break at the end.
 */
export function pluginKubeconfig(cluster: ClusterAddress, token: string): string {
  return `# Kubeconfig file for the kuma CNI plugin.
apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: ${cluster.url}
    certificate-authority-data: ${base64(cluster.caPem)}
users:
- name: kuma-cni
  user:
    token: ${token}
contexts:
- name: kuma-cni-context
  context:
    cluster: local
    user: kuma-cni
current-context: kuma-cni-context`;
}

/** An administrator's kubeconfig with a client certificate, as kubectl and client-node read it. */
export function adminKubeconfig(cluster: ClusterAddress, admin: KeyPair): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: test
  cluster:
    server: ${cluster.url}
    certificate-authority-data: ${base64(cluster.caPem)}
users:
- name: test-admin
  user:
    client-certificate-data: ${base64(admin.certificate)}
    client-key-data: ${base64(admin.key)}
contexts:
- name: test
  context:
    cluster: test
    user: test-admin
current-context: test
`;
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
