/**
 * The whole node path: a node on which libcni calls real plugins, a real API server, and the compiled
 * installer and plugin.
 *
 * @module
 */
import { type CallOptions, ChainNode, inNetns, type PodSandbox } from "tests/chain/chain.ts";
import { DIST, type Installer, TestNode } from "tests/installer/node.ts";
import { sharedCluster, type TestCluster } from "tests/kube/apiserver.ts";

/** Name of the network whose chain is extended. */
const NETWORK = "pods";

/** A node with its installer's folders; dispose of it. */
export class WholeNode implements AsyncDisposable {
  private constructor(
    readonly chain: ChainNode,
    readonly cluster: TestCluster,
    readonly node: TestNode,
    readonly namespace: string,
  ) {}

  /** Makes node, namespace, service account and roles; nothing is installed yet. */
  static async create(): Promise<WholeNode> {
    const cluster = await sharedCluster();
    const chain = await ChainNode.create();
    await chain.writeConflist(NETWORK, chain.bridgePlugins());
    await chain.forwardLoopback(cluster.port);
    const namespace = `e2e-${crypto.randomUUID().slice(0, 8)}`;
    await cluster.createNamespace(namespace);
    await cluster.createServiceAccount(namespace, "kuma-cni");
    await cluster.grant(namespace, [
      { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
      { apiGroups: [""], resources: ["serviceaccounts/token"], verbs: ["create"] },
    ], { serviceAccount: `${namespace}/kuma-cni` });
    const node = await TestNode.create();
    const whole = new WholeNode(chain, cluster, node, namespace);
    Deno.writeTextFileSync(
      `${node.account}/token`,
      await cluster.createServiceAccountToken(namespace, "kuma-cni"),
    );
    Deno.copyFileSync(cluster.caFile, `${node.account}/ca.crt`);
    return whole;
  }

  /** Starts an installer of the image in `source` and waits until it is ready. */
  async install(source = DIST, more: Record<string, string> = {}): Promise<Installer> {
    const installer = this.node.start({
      CNI_NET_DIR: this.chain.confDir,
      MOUNTED_CNI_NET_DIR: this.chain.confDir,
      CNI_SOURCE_DIR: source,
      MOUNTED_HOST_ROOT: "/",
      KUBERNETES_SERVICE_PROTOCOL: "https",
      KUBERNETES_SERVICE_PORT: String(this.cluster.port),
      CNI_ON_EXIT: "keep",
      ...more,
    });
    await installer.ready();
    return installer;
  }

  /** Stores a meshed pod as the injector leaves it. */
  async createPod(name: string): Promise<void> {
    await this.cluster.createPod(this.namespace, {
      metadata: { name, annotations: { "kuma.io/sidecar-injected": "true" } },
      spec: {
        containers: [{ name: "app", image: "app:1" }, { name: "kuma-sidecar", image: "dp:1" }],
      },
    });
  }

  /** Calls ADD for a pod in a fresh sandbox. */
  async add(name: string): Promise<{ error: string; sandbox: PodSandbox }> {
    const sandbox = await this.chain.createSandbox();
    const { error } = await this.chain.cniAdd(sandbox, this.options(name));
    return { error, sandbox };
  }

  /** Calls DEL and removes the sandbox; gives DEL's error. */
  async remove(name: string, sandbox: PodSandbox): Promise<string> {
    const { error } = await this.chain.cniDel(sandbox, this.options(name));
    await this.chain.deleteSandbox(sandbox);
    return error;
  }

  /** How the runtime calls the chain for the pod. */
  options(name: string): CallOptions {
    const pod = { namespace: this.namespace, name };
    return { network: NETWORK, binDirs: [this.node.binDir], pod };
  }

  /** Whether the sandbox's traffic is redirected to the sidecar. */
  async isIntercepted(sandbox: PodSandbox): Promise<boolean> {
    const rules = await inNetns(sandbox, "nft", "list", "ruleset");
    return /redirect to :15001/.test(rules) && /redirect to :15006/.test(rules);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]();
    await this.chain[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
  }
}
