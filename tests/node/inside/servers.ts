/**
 * The servers of the node, in the order in which they need each other.
 *
 * @module
 */
import { run, sleep } from "../../support/processes.ts";
import { CGROUP, nodeFiles, type NodeSpec } from "../spec.ts";

const CONTAINERD = "/run/containerd/containerd.sock";
/** Who asked for what, and the answer's code; of service accounts alone. */
const AUDIT_POLICY = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [{ level: "Metadata", userGroups: ["system:serviceaccounts"] }, { level: "None" }],
};
const SERVICES = "10.0.0.0/16,fd00:10::/112";

/** Starts all of them; returns when the node is Ready and pods can be made. */
export async function startServers(spec: NodeSpec, say: (step: string) => void): Promise<void> {
  const { dir, name, ip, programs, images } = spec;
  const at = nodeFiles(dir);
  Deno.mkdirSync(at.log);
  start(spec, "etcd", programs.etcd, etcdArguments(spec));
  Deno.writeTextFileSync(at.auditPolicy, JSON.stringify(AUDIT_POLICY));
  start(spec, "kube-apiserver", programs.apiServer, apiServerArguments(spec));
  Deno.writeTextFileSync("/run/containerd.toml", containerdConfig(spec));
  start(spec, "containerd", "containerd", ["--config", "/run/containerd.toml"]);
  const ctr = (...args: string[]) => run("ctr", ["--address", CONTAINERD, ...args]);
  await until(spec, "containerd answers", async () => (await ctr("version")).code === 0);
  for (const archive of images) {
    const done = await ctr("-n", "k8s.io", "images", "import", "--no-unpack", archive);
    if (done.code !== 0) throw new Error(`image ${archive} was not imported: ${done.stderr}`);
  }
  say("images imported");
  const kubectl = (...args: string[]) =>
    run(programs.kubectl, ["--kubeconfig", at.kubeconfig("admin"), ...args]);
  await until(
    spec,
    "the API server is ready",
    async () => (await kubectl("get", "--raw", "/readyz")).stdout === "ok",
  );
  say("API server ready");
  const companion = (who: string, ...args: string[]) =>
    start(spec, who, programs.kubeNode, [who, ...args]);
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
  Deno.writeTextFileSync("/run/kubelet.json", JSON.stringify(kubeletConfig(at.pki)));
  companion(
    "kubelet",
    "--config=/run/kubelet.json",
    `--kubeconfig=${at.kubeconfig("kubelet")}`,
    `--hostname-override=${name}`,
    `--node-ip=${ip},fd00:77::2`,
  );
  Deno.writeTextFileSync(
    "/run/kube-proxy.json",
    JSON.stringify(proxyConfig(name, at.kubeconfig("admin"))),
  );
  companion("kube-proxy", "--config=/run/kube-proxy.json");
  say("kubelet started");
  const ready = "jsonpath={.status.conditions[?(@.type=='Ready')].status}";
  await until(
    spec,
    "the node is Ready",
    async () => (await kubectl("get", "node", name, "-o", ready)).stdout === "True",
  );
  await until(
    spec,
    "pods can be made",
    async () => (await kubectl("get", "serviceaccount", "default")).code === 0,
  );
}

/** Starts a server that writes into a log of its own; the node ends where one of them does. */
function start({ dir }: NodeSpec, name: string, program: string, args: readonly string[]): void {
  const log = `${nodeFiles(dir).log}/${name}`;
  // A shell would be the plain way to send both streams to a file; this one needs no quoting.
  const child = new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  for (const stream of [child.stdout, child.stderr]) {
    void Deno.open(log, { create: true, append: true }).then((file) =>
      stream.pipeTo(file.writable)
    );
  }
  void child.status.then(({ code }) => {
    Deno.stdout.writeSync(new TextEncoder().encode(`${name} ended with ${code}, see ${log}\n`));
    Deno.exit(1);
  });
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

function etcdArguments({ dir }: NodeSpec): string[] {
  return [
    `--data-dir=${dir}/memory/etcd`,
    `--listen-client-urls=unix://${nodeFiles(dir).etcdSocket}`,
    "--advertise-client-urls=http://localhost:2379",
    `--listen-peer-urls=unix://${dir}/etcd-peer.sock`,
    "--initial-advertise-peer-urls=http://localhost:2380",
    "--initial-cluster=default=http://localhost:2380",
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
}

function apiServerArguments({ dir, ip }: NodeSpec): string[] {
  const { pki, etcdSocket, audit, auditPolicy } = nodeFiles(dir);
  return [
    `--etcd-servers=unix://${etcdSocket}`,
    "--bind-address=::",
    "--secure-port=6443",
    `--advertise-address=${ip}`,
    `--tls-cert-file=${pki}/server.crt`,
    `--tls-private-key-file=${pki}/server.key`,
    `--client-ca-file=${pki}/ca.crt`,
    "--authorization-mode=Node,RBAC",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-signing-key-file=${pki}/service-accounts.key`,
    `--service-account-key-file=${pki}/service-accounts.pub`,
    `--service-cluster-ip-range=${SERVICES}`,
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

function containerdConfig({ dir }: NodeSpec): string {
  return `version = 2
root = "${dir}/memory/containerd"
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

function kubeletConfig(pki: string) {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${CGROUP}`,
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

function proxyConfig(node: string, kubeconfig: string) {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clientConnection: { kubeconfig },
    mode: "iptables",
    hostnameOverride: node,
    clusterCIDR: "10.244.0.0/16,fd00:244::/56",
    // Sysctls of the whole machine are left alone.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
  };
}
