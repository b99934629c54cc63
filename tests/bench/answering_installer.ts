/**
 * The compiled installer on a node of folders, with the bench's API server: it answers ADD for the plugin that it has put
 * into its bin dir.
 *
 * @module
 */
import { CALICO, DIST, type Installer, TestNode } from "../installer/node.ts";
import type { TestCluster } from "../kube/apiserver.ts";

/** One installer that is ready; dispose of it. */
export class AnsweringInstaller implements AsyncDisposable {
  private constructor(private readonly node: TestNode, private readonly installer: Installer) {}

  /** Installs as the account of the token. */
  static async start(cluster: TestCluster, token: string): Promise<AnsweringInstaller> {
    const node = await TestNode.create();
    Deno.writeTextFileSync(`${node.account}/token`, token);
    Deno.copyFileSync(cluster.caFile, `${node.account}/ca.crt`);
    node.write("10-calico.conflist", CALICO);
    const installer = node.start({
      CNI_SOURCE_DIR: DIST,
      KUBERNETES_SERVICE_PROTOCOL: "https",
      KUBERNETES_SERVICE_PORT: String(cluster.port),
      CNI_TOKEN_LIFETIME: "0",
      CNI_ON_EXIT: "keep",
    });
    await installer.ready();
    return new AnsweringInstaller(node, installer);
  }

  /** The plugin's path. */
  get plugin(): string {
    return `${this.node.binDir}/kuma-cni`;
  }

  /** The plugin's kubeconfig. */
  get kubeconfig(): string {
    return `${this.node.netDir}/ZZZ-kuma-cni-kubeconfig`;
  }

  /** ADDs that were done by its answers. */
  get answered(): number {
    return this.installer.output.match(/"way":"daemon"/g)?.length ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]();
  }
}
