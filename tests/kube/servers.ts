/**
 * The command lines of etcd and kube-apiserver, and the files they read.
 *
 * @module
 */
import type { ClusterPki } from "./pki.ts";

/** The files of one cluster, by what they are. */
export type ClusterFile =
  | "ca"
  | "serverKey"
  | "serverCertificate"
  | "adminKey"
  | "adminCertificate"
  | "tokenKey"
  | "tokenPublicKey"
  | "etcdSocket"
  | "etcdLog"
  | "apiServerLog"
  | "control"
  | "spec"
  | "state";

/** Where they lie below the cluster's folder. */
export function files(dir: string): Record<ClusterFile, string> {
  return {
    ca: `${dir}/ca.crt`,
    serverKey: `${dir}/server.key`,
    serverCertificate: `${dir}/server.crt`,
    adminKey: `${dir}/admin.key`,
    adminCertificate: `${dir}/admin.crt`,
    tokenKey: `${dir}/service-accounts.key`,
    tokenPublicKey: `${dir}/service-accounts.pub`,
    etcdSocket: `${dir}/etcd.sock`,
    etcdLog: `${dir}/etcd.log`,
    apiServerLog: `${dir}/kube-apiserver.log`,
    control: `${dir}/control.sock`,
    spec: `${dir}/spec.json`,
    state: `${dir}/state.json`,
  };
}

/** Writes keys and certificates into the cluster's folder, readable by its owner only. */
export function writePki(dir: string, pki: ClusterPki): void {
  const at = files(dir);
  const contents: [string, string][] = [
    [at.ca, pki.caPem],
    [at.serverKey, pki.server.key],
    [at.serverCertificate, pki.server.certificate],
    [at.adminKey, pki.admin.key],
    [at.adminCertificate, pki.admin.certificate],
    [at.tokenKey, pki.serviceAccounts.privateKey],
    [at.tokenPublicKey, pki.serviceAccounts.publicKey],
  ];
  for (const [path, text] of contents) {
    Deno.writeTextFileSync(path, `${text.trim()}\n`, { mode: 0o600, createNew: true });
  }
}

/**
 * etcd listens on a Unix socket in the cluster's folder: no port to collide on, none that another user
 * could reach. Its peer address is a name only (flag check wants host:port); a single member has no
 * peer. Nothing is flushed to disk: the data does not outlive the test.
 */
export function etcdArguments(dir: string): string[] {
  const peer = "http://localhost:2380";
  return [
    `--data-dir=${dir}/etcd`,
    `--listen-client-urls=unix://${files(dir).etcdSocket}`,
    "--advertise-client-urls=http://localhost:2379",
    `--listen-peer-urls=unix://${dir}/etcd-peer.sock`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    "--unsafe-no-fsync",
    "--log-level=warn",
    `--log-outputs=${files(dir).etcdLog}`,
  ];
}

/**
 * kube-apiserver on 127.0.0.1, as a real cluster runs it: RBAC, the default admission plugins, tokens
 * that it issues and verifies. There is no endpoint reconciler: it would want an address of this host
 * that is not a loopback one.
 */
export function apiServerArguments(dir: string, port: number, extra: string[]): string[] {
  const at = files(dir);
  return [
    `--etcd-servers=unix://${at.etcdSocket}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    "--endpoint-reconciler-type=none",
    `--tls-cert-file=${at.serverCertificate}`,
    `--tls-private-key-file=${at.serverKey}`,
    `--client-ca-file=${at.ca}`,
    "--authorization-mode=Node,RBAC",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-signing-key-file=${at.tokenKey}`,
    `--service-account-key-file=${at.tokenPublicKey}`,
    "--service-cluster-ip-range=10.0.0.0/16",
    "--allow-privileged=true",
    "--profiling=false",
    ...extra,
  ];
}
