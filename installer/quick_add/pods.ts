/**
 * Reading pods for the plugin: by its own kubeconfig, as itself, over a connection that stays open between two calls.
 *
 * @module
 */
import { endpointFromKubeconfig, type KubeClient, type KubeEndpoint } from "core/cluster/client.ts";
import { openClient, readPod } from "core/cluster/fetch_pod.ts";
import type { PodArgs } from "core/cni/pod_args.ts";
import { errorText } from "core/errors.ts";
import type { PodView } from "core/kube/pod.ts";

/** Milliseconds that one answer may take: the program, which asks again and again, still has its time then. */
const ANSWER_MS = 2000;

/** One kubeconfig. Dispose of it. */
export class PluginPods implements Disposable {
  #open: { text: string; client: KubeClient; endpoint: KubeEndpoint } | undefined;

  /** @param kubeconfig path in this container */
  constructor(private readonly kubeconfig: string) {}

  /**
   * The pod as the API server has it now; never a copy that an informer keeps, which may be old.
   *
   * @throws {KumaError} as `readPod` does; `KUMA-HOST-164`, `-165` the kubeconfig cannot be used.
   */
  async read(pod: PodArgs): Promise<PodView> {
    const { client, endpoint } = await this.#connection();
    return await readPod(client, endpoint, pod, ANSWER_MS);
  }

  /**
   * Asks for something that everybody may know, so that the first pod waits neither for the engine nor for a connection.
   * What goes wrong here goes wrong again where somebody is told: it only gives the reason.
   */
  async warmUp(): Promise<string | undefined> {
    try {
      const { client } = await this.#connection();
      await client.request("GET", "/version", { signal: AbortSignal.timeout(ANSWER_MS) });
      return undefined;
    } catch (error) {
      return errorText(error);
    }
  }

  /** Its token, CA and server are those that stand in the file now. */
  async #connection() {
    const text = Deno.readTextFileSync(this.kubeconfig);
    if (this.#open?.text === text) return this.#open;
    const endpoint = await endpointFromKubeconfig(this.kubeconfig);
    // Another call may have been quicker, and its connection is in use.
    if (this.#open?.text === text) return this.#open;
    this.#open?.client[Symbol.dispose]();
    return this.#open = { text, client: openClient(endpoint), endpoint };
  }

  [Symbol.dispose](): void {
    this.#open?.client[Symbol.dispose]();
    this.#open = undefined;
  }
}
