/**
 * The servers of the node, in the order in which they need each other.
 *
 * @module
 */
import { run, sleep } from "../../support/processes.ts";
import { diskOf, hasControlPlane, nodeFiles, type NodeSpec, WITHOUT_CNI } from "../spec.ts";
import type { Servers } from "./servers.ts";

const CONTAINERD = "/run/containerd/containerd.sock";
/** Who asked for what, and the answer's code; of service accounts alone. */
const AUDIT_POLICY = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [{ level: "Metadata", userGroups: ["system:serviceaccounts"] }, { level: "None" }],
};

/** Starts all of them; returns when the node is Ready and pods can be made. */
export async function startNode(
  spec: NodeSpec,
  servers: Servers,
  say: (step: string) => void,
): Promise<void> {
  const { dir, name, programs, addresses } = spec;
  const at = nodeFiles(dir);
  const kubectl = (...args: string[]) =>
    run(programs.kubectl, ["--kubeconfig", at.kubeconfig("admin"), ...args]);
  if (hasControlPlane(spec)) startStore(spec, servers);
  await startContainerd(spec, servers);
  say("images imported");
  const readyz = ["get", "--raw", "/readyz"];
  await until(
    spec,
    "the API server is ready",
    async () => (await kubectl(...readyz)).stdout === "ok",
  );
  say("API server ready");
  if (hasControlPlane(spec)) startCompanions(spec, servers);
  Deno.writeTextFileSync("/run/kubelet.json", JSON.stringify(kubeletConfig(spec)));
  servers.add("kubelet", programs.kubeNode, [
    "kubelet",
    "--config=/run/kubelet.json",
    `--kubeconfig=${at.kubeconfig("kubelet")}`,
    `--hostname-override=${name}`,
    `--node-ip=${addresses.join()}`,
    ...hasControlPlane(spec) ? [] : [`--node-labels=${WITHOUT_CNI}=yes`],
  ]);
  const proxy = proxyConfig(spec, at.kubeconfig("admin"));
  Deno.writeTextFileSync("/run/kube-proxy.json", JSON.stringify(proxy));
  servers.add("kube-proxy", programs.kubeNode, ["kube-proxy", "--config=/run/kube-proxy.json"]);
  say("kubelet started");
  await until(spec, "the node is Ready", async () => {
    const ready =
      "jsonpath={.status.conditions[?(@.type=='Ready')].status} {.status.nodeInfo.bootID}";
    const { stdout } = await kubectl("get", "node", name, "-o", ready);
    // What is said of it from before its reboot does not count.
    return stdout === `True ${Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim()}`;
  });
  await until(
    spec,
    "pods can be made",
    async () => (await kubectl("get", "serviceaccount", "default")).code === 0,
  );
}

function startStore(spec: NodeSpec, servers: Servers): void {
  servers.add("etcd", spec.programs.etcd, etcdArguments(spec));
  Deno.writeTextFileSync(nodeFiles(spec.dir).auditPolicy, JSON.stringify(AUDIT_POLICY));
  servers.add("kube-apiserver", spec.programs.apiServer, apiServerArguments(spec));
}

/** The container runtime, with the images that it does not have yet. */
async function startContainerd(spec: NodeSpec, servers: Servers): Promise<void> {
  Deno.writeTextFileSync("/run/containerd.toml", containerdConfig(spec));
  servers.add("containerd", "containerd", ["--config", "/run/containerd.toml"]);
  const ctr = (...args: string[]) => run("ctr", ["--address", CONTAINERD, "-n", "k8s.io", ...args]);
  await until(spec, "containerd answers", async () => (await ctr("version")).code === 0);
  if ((await ctr("images", "list", "--quiet")).stdout.trim() !== "") return;
  await Promise.all(spec.images.map(async (archive) => {
    const done = await ctr("images", "import", "--no-unpack", archive);
    if (done.code !== 0) throw new Error(`image ${archive} was not imported: ${done.stderr}`);
  }));
}

function startCompanions({ dir, programs }: NodeSpec, servers: Servers): void {
  const at = nodeFiles(dir);
  const companion = (who: string, ...args: string[]) =>
    servers.add(who, programs.kubeNode, [who, ...args]);
  const as = (who: string) =>
    ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"].map((flag) =>
      `--${flag}=${at.kubeconfig(who)}`
    );
  companion(
    "kube-controller-manager",
    ...as("controller-manager"),
    ...["--leader-elect=false", "--bind-address=127.0.0.1", "--use-service-account-credentials"],
    `--service-account-private-key-file=${at.pki}/service-accounts.key`,
    `--root-ca-file=${at.pki}/ca.crt`,
  );
  companion(
    "kube-scheduler",
    ...as("scheduler"),
    "--leader-elect=false",
    "--bind-address=127.0.0.1",
  );
}

async function until(
  { patienceMs }: NodeSpec,
  what: string,
  probe: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!await probe()) {
    if (performance.now() > deadline) throw new Error(`Waited ${patienceMs} ms in vain: ${what}`);
    await sleep(150);
  }
}

function etcdArguments(spec: NodeSpec): string[] {
  const { dir } = spec;
  return [
    `--data-dir=${diskOf(spec)}/etcd`,
    `--listen-client-urls=unix://${nodeFiles(dir).etcdSocket}`,
    "--advertise-client-urls=http://localhost:2379",
    `--listen-peer-urls=unix://${dir}/etcd-peer.sock`,
    "--initial-advertise-peer-urls=http://localhost:2380",
    "--initial-cluster=default=http://localhost:2380",
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
}

function apiServerArguments({ dir, addresses: [ipv4, ipv6] }: NodeSpec): string[] {
  const { pki, etcdSocket, audit, auditPolicy } = nodeFiles(dir);
  return [
    `--etcd-servers=unix://${etcdSocket}`,
    `--bind-address=${ipv6 === undefined ? "0.0.0.0" : "::"}`,
    "--secure-port=6443",
    `--advertise-address=${ipv4}`,
    `--tls-cert-file=${pki}/server.crt`,
    `--tls-private-key-file=${pki}/server.key`,
    `--client-ca-file=${pki}/ca.crt`,
    "--authorization-mode=Node,RBAC",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-signing-key-file=${pki}/service-accounts.key`,
    `--service-account-key-file=${pki}/service-accounts.pub`,
    `--service-cluster-ip-range=10.0.0.0/16${ipv6 === undefined ? "" : ",fd00:10::/112"}`,
    "--allow-privileged=true",
    `--audit-policy-file=${auditPolicy}`,
    `--audit-log-path=${audit}`,
    "--profiling=false",
    // Webhooks are called at their pods: kube-proxy is not asked.
    "--enable-aggregator-routing=true",
    "--kubelet-preferred-address-types=InternalIP",
    `--kubelet-client-certificate=${pki}/admin.crt`,
    `--kubelet-client-key=${pki}/admin.key`,
  ];
}

function containerdConfig(spec: NodeSpec): string {
  return `version = 2
root = "${diskOf(spec)}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt"]
[grpc]
  address = "${CONTAINERD}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/kuma-test-pause:node"
  # Without CAP_SYS_RESOURCE no score can be lowered.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"
`;
}

function kubeletConfig({ dir, cgroup }: NodeSpec) {
  const { pki } = nodeFiles(dir);
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    containerRuntimeEndpoint: `unix://${CONTAINERD}`,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${pki}/ca.crt` },
    },
    authorization: { mode: "Webhook" },
    resolvConf: "/run/resolv.conf",
    clusterDomain: "cluster.local",
    clusterDNS: ["10.0.0.10"],
    imageGCHighThresholdPercent: 100,
    evictionHard: { "memory.available": "50Mi" },
    serializeImagePulls: false,
    nodeStatusUpdateFrequency: "2s",
    shutdownGracePeriod: "0s",
  };
}

function proxyConfig({ name, addresses: [, ipv6] }: NodeSpec, kubeconfig: string) {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clientConnection: { kubeconfig },
    mode: "iptables",
    hostnameOverride: name,
    clusterCIDR: `10.244.0.0/16${ipv6 === undefined ? "" : ",fd00:244::/56"}`,
    // Sysctls of the whole machine are left alone.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
  };
}
