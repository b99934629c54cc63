/**
 * A host of the mesh that is a node of a cluster as well: the real kube-proxy, in each mode that this kernel has, and our
 * rules, in the same hooks. Who calls a Service is redirected where our jump stands ahead of kube-proxy's.
 */
import assert from "node:assert/strict";
import { requires } from "tests/support/requires.ts";
import { waitUntil } from "tests/support/processes.ts";
import { withinNamespace } from "tests/support/traffic/namespaces.ts";
import { startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { adminKubeconfig } from "../kube/kubeconfig.ts";
import { APP, SIDECAR } from "../kernel/basic_flows.ts";
import { type Flow, ROLES } from "../kernel/flows.ts";
import { kumactlMust, PrivateEtc } from "../kernel/kumactl.ts";
import { TrafficLab } from "../kernel/traffic_lab.ts";
import { kubeNodeProgram } from "../node/programs.ts";

const test = requires("root", "netns", "iptables-nft", "go", "etcd");
const NODE = "a-node", PORT = 6443;
const INSTALL = ["install", "transparent-proxy", "--firewall-backend"];
const INSERTED = "--redirect-outbound-insert-instead-of-append";
/**
 * kube-proxy's mode, our backend, and who gets a call to a Service where nothing is inserted ahead. In one chain, what
 * was there first goes first; of two base chains of one priority the kernel asks the younger first, which ours is; and
 * our nftables chain stands one behind. (ipvs has hooks of its own, and needs a module that not every kernel has.)
 */
const PAIRS = [
  ["iptables", "iptables", "remote"],
  ["iptables", "nftables", "remote"],
  ["nftables", "iptables", "outbound"],
  ["nftables", "nftables", "remote"],
] as const;

function call(from: number, expect: Flow["expect"]): Flow {
  return { what: `UID ${from} to the Service`, from, to: "service", port: 80, expect };
}

test("kube-proxy and the transparent proxy on one host", async (t) => {
  const kubeNode = await kubeNodeProgram();
  await using cluster = await startApiServer();
  await furnish(cluster);
  for (const [mode, backend, first] of PAIRS) {
    await t.step(`kube-proxy by ${mode}, our rules by ${backend}`, async () => {
      await using lab = await TrafficLab.create();
      using _etc = new PrivateEtc(lab.host.name);
      await using _relay = new Relay(lab.host.name, cluster.port);
      await using proxy = KubeProxy.start(kubeNode, lab.host.name, cluster, mode);
      const ask = (from: number, expect: Flow["expect"]) => lab.send(call(from, expect), "ipv4");
      await waitUntil("kube-proxy has the Service", () => ask(APP, "remote") === undefined, {
        timeoutMs: 120_000,
        intervalMs: 200,
      }).catch((error: unknown) => {
        throw new Error(`${error}; its log ends with ${proxy.said}`);
      });
      await kumactlMust(lab.host, [...INSTALL, backend]);
      assert.equal(ask(APP, first), undefined);
      await kumactlMust(lab.host, [...INSTALL, backend, INSERTED]);
      assert.equal(ask(APP, "outbound"), undefined);
      // What the sidecar sends on is kube-proxy's again.
      assert.equal(ask(SIDECAR, "remote"), undefined);
      await kumactlMust(lab.host, ["uninstall", "transparent-proxy"]);
      assert.equal(ask(APP, "remote"), undefined);
    });
  }
});

/** The node that kube-proxy is of, and a Service with one endpoint. */
async function furnish(cluster: TestCluster): Promise<void> {
  await cluster.request("POST", "/api/v1/nodes", { metadata: { name: NODE } });
  await cluster.request("PATCH", `/api/v1/nodes/${NODE}/status`, {
    status: { addresses: [{ type: "InternalIP", address: ROLES.host.ipv4 }] },
  }, { contentType: "application/merge-patch+json" });
  const ports = [{ name: "http", port: 80, targetPort: 5000 }];
  await cluster.request("POST", "/api/v1/namespaces/default/services", {
    metadata: { name: "web" },
    spec: { clusterIP: ROLES.service.ipv4, ports },
  });
  await cluster.request("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
    metadata: { name: "web-1", labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    endpoints: [{ addresses: [ROLES.remote.ipv4], conditions: { ready: true } }],
    ports: [{ name: "http", port: 5000 }],
  });
}

/** Lets a namespace reach the API server, which listens on the loopback of the machine. */
class Relay implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #open = new Set<Deno.Conn>();
  readonly #served: Promise<void>;

  constructor(namespace: string, port: number) {
    this.#listener = withinNamespace(
      namespace,
      () => Deno.listen({ hostname: "127.0.0.1", port: PORT }),
    );
    this.#served = this.#serve(port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) connection.close();
    await this.#served;
  }

  async #serve(port: number): Promise<void> {
    const passed: Promise<unknown>[] = [];
    for await (const inner of this.#listener) {
      const outer = await Deno.connect({ hostname: "127.0.0.1", port });
      for (const connection of [inner, outer]) this.#open.add(connection);
      passed.push(
        Promise.allSettled([
          inner.readable.pipeTo(outer.writable),
          outer.readable.pipeTo(inner.writable),
        ]).then(() => {
          for (const connection of [inner, outer]) this.#open.delete(connection);
        }),
      );
    }
    await Promise.all(passed);
  }
}

/** kube-proxy in a namespace; ends when it is disposed of. */
class KubeProxy implements AsyncDisposable {
  readonly #ended: Promise<unknown>;
  #log = "";

  private constructor(readonly child: Deno.ChildProcess, readonly folder: string) {
    this.#ended = this.#read();
  }

  static start(program: string, namespace: string, cluster: TestCluster, mode: string): KubeProxy {
    const folder = Deno.makeTempDirSync({ prefix: "kube-proxy-" });
    const address = { url: `https://127.0.0.1:${PORT}`, caPem: cluster.caPem };
    Deno.writeTextFileSync(`${folder}/kubeconfig`, adminKubeconfig(address, cluster.admin), {
      mode: 0o600,
    });
    const configuration = {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      clientConnection: { kubeconfig: `${folder}/kubeconfig` },
      mode,
      hostnameOverride: NODE,
      // Without it, calls from here would get another source port, by which the test knows them.
      clusterCIDR: "10.88.0.0/16",
      // Sysctls of the whole machine are left alone.
      conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
      healthzBindAddress: "127.0.0.1:10256",
      metricsBindAddress: "127.0.0.1:10249",
    };
    Deno.writeTextFileSync(`${folder}/config.json`, JSON.stringify(configuration));
    const words = ["netns", "exec", namespace, program, "kube-proxy"];
    const args = [...words, `--config=${folder}/config.json`];
    const child = new Deno.Command("ip", { args, stdout: "null", stderr: "piped" }).spawn();
    return new KubeProxy(child, folder);
  }

  /** The end of its log. */
  get said(): string {
    return this.#log.slice(-2000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.#ended;
    await this.child.status;
    await Deno.remove(this.folder, { recursive: true });
  }

  async #read(): Promise<void> {
    for await (const text of this.child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#log = (this.#log + text).slice(-10_000);
    }
  }
}
