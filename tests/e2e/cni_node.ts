/**
 * A node with the compiled kuma-cni in a real chain: bridge, host-local and portmap before it, the real
 * API server behind it, pods as network namespaces.
 *
 * @module
 */
import { ChainNode, type ChainOutcome, inNetns, type PodSandbox } from "../chain/chain.ts";
import type { FirewallBackend } from "core/proxy/config.ts";
import { InstalledPlugin } from "../cni/plugin.ts";
import type { TestCluster } from "../kube/apiserver.ts";

/** Annotations that the webhook puts on every injected pod. */
export const INJECTED: Readonly<Record<string, string>> = {
  "kuma.io/sidecar-injected": "true",
  "kuma.io/transparent-proxying": "enabled",
  "kuma.io/sidecar-uid": "5678",
  "kuma.io/transparent-proxying-inbound-port": "15006",
  "kuma.io/transparent-proxying-outbound-port": "15001",
  "kuma.io/transparent-proxying-ip-family-mode": "dualstack",
  "kuma.io/application-probe-proxy-port": "9001",
};

/** A pod in the API server, and the sandbox that stands for it on the node. */
export interface MeshPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly sandbox: PodSandbox;
}

/** What a pod is made of; by default one that was injected. */
export interface PodMake {
  annotations?: Record<string, string>;
  containers?: string[];
  initContainers?: string[];
}

let made = 0;

/** A chain node with kuma-cni last in its list. */
export class CniNode implements AsyncDisposable {
  readonly network = "pods";
  readonly kubeconfig: string;
  readonly logFile: string;

  private constructor(
    readonly chain: ChainNode,
    readonly cluster: TestCluster,
    readonly plugin: InstalledPlugin,
    /** Namespace of this node's pods, made for it. */
    readonly namespace: string,
    private readonly firewallBackend: FirewallBackend,
  ) {
    this.kubeconfig = `${chain.dir}/ZZZ-kuma-cni-kubeconfig`;
    this.logFile = `${chain.dir}/log/kuma-cni.log`;
  }

  /**
   * Makes the node, whose plugin writes rules with this backend (by default the one that it chooses itself:
   * nftables); the plugin's service account may get pods, as the chart allows it.
   */
  static async create(
    cluster: TestCluster,
    firewallBackend: FirewallBackend = "auto",
  ): Promise<CniNode> {
    const chain = await ChainNode.create();
    const namespace = `cni-${Deno.pid}-${++made}-${crypto.randomUUID().slice(0, 6)}`;
    const node = new CniNode(chain, cluster, InstalledPlugin.create(), namespace, firewallBackend);
    await cluster.createNamespace(namespace);
    await chain.forwardLoopback(cluster.port);
    const account = `${namespace}/kuma-cni`;
    await cluster.createServiceAccount(namespace, "kuma-cni");
    const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
    await cluster.grant(namespace, rules, { serviceAccount: account });
    node.writeKubeconfig(
      cluster.kubeconfig(await cluster.createServiceAccountToken(namespace, "kuma-cni")),
    );
    await Deno.mkdir(`${chain.dir}/log`, { mode: 0o700 });
    await node.writeConflist();
    return node;
  }

  /** Replaces the plugin's kubeconfig. */
  writeKubeconfig(text: string): void {
    Deno.writeTextFileSync(this.kubeconfig, text, { mode: 0o600 });
  }

  /** The plugin's entry in the list. */
  entry(changes: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      type: "kuma-cni",
      log_level: "debug",
      log_socket: `${this.chain.dir}/log/log.sock`,
      log_file: this.logFile,
      firewall_backend: this.firewallBackend,
      kubernetes: { kubeconfig: this.kubeconfig, exclude_namespaces: ["kube-system"] },
      ...changes,
    };
  }

  /** Writes the list, with other keys in the plugin's entry or in another version. */
  async writeConflist(changes: Record<string, unknown> = {}, cniVersion = "1.0.0"): Promise<void> {
    const plugins = [...this.chain.bridgePlugins(), this.entry(changes)];
    await this.chain.writeConflist(this.network, plugins, cniVersion);
  }

  /** Creates a Pod object and an empty sandbox for it. */
  async createPod(make: PodMake = {}, namespace = this.namespace): Promise<MeshPod> {
    const name = `web-${++made}`;
    const { containers = ["app", "kuma-sidecar"], initContainers = [] } = make;
    const image = (one: string) => ({ name: one, image: `${one}:1` });
    const object = await this.cluster.createPod(namespace, {
      metadata: { name, annotations: { ...INJECTED, ...make.annotations } },
      spec: {
        containers: containers.map(image),
        ...(initContainers.length === 0 ? {} : { initContainers: initContainers.map(image) }),
      },
    });
    const { uid } = object.metadata as { uid: string };
    return { namespace, name, uid, sandbox: await this.chain.createSandbox() };
  }

  /** Calls the whole chain for the pod. */
  add(pod: MeshPod): Promise<ChainOutcome> {
    return this.chain.cniAdd(pod.sandbox, this.#options(pod));
  }

  /** See {@linkcode add}. */
  del(pod: MeshPod): Promise<ChainOutcome> {
    return this.chain.cniDel(pod.sandbox, this.#options(pod));
  }

  /** See {@linkcode add}. */
  check(pod: MeshPod): Promise<ChainOutcome> {
    return this.chain.cniCheck(pod.sandbox, this.#options(pod));
  }

  /** The plugin's log so far. */
  log(): string {
    try {
      return Deno.readTextFileSync(this.logFile);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.plugin[Symbol.dispose]();
    await this.chain[Symbol.asyncDispose]();
  }

  #options(pod: MeshPod) {
    return { network: this.network, binDirs: [this.plugin.binDir], pod };
  }
}

/** All rules in a pod, of iptables and of nftables, both families, without counters and times. */
export async function rulesIn(sandbox: PodSandbox): Promise<string> {
  const texts = await Promise.all([
    ...["iptables-save", "ip6tables-save"].map((program) => inNetns(sandbox, program)),
    inNetns(sandbox, "nft", "list", "tables", "inet").then((tables) =>
      tables.includes("kuma-mesh")
        ? inNetns(sandbox, "nft", "list", "table", "inet", "kuma-mesh")
        : ""
    ),
  ]);
  return texts.join("").replaceAll(/^#.*\n/gm, "").replaceAll(/\[\d+:\d+\]/g, "");
}

/** Whether any rule or chain of ours is in there. */
export function hasOurRules(rules: string): boolean {
  return rules.includes("KUMA_MESH");
}

/** The plugin's run of an outcome, the last of the chain. */
export function ourRun(outcome: ChainOutcome): ChainOutcome["runs"][number] {
  const found = outcome.runs.find((run) => run.plugin === "kuma-cni");
  if (found === undefined) throw new Error(`kuma-cni was not called: ${outcome.error}`);
  return found;
}
