/**
 * What a controller-manager does for namespaces, faked for tests that use a cluster as a person does: a
 * `default` service account in each, and an end to those that are being deleted.
 *
 * @module
 */
import { sleep } from "../support/processes.ts";
import { ApiError, type KubeObject, type TestCluster } from "./apiserver.ts";

/** Looks after all namespaces until it is disposed of. */
export class NamespaceControllers implements AsyncDisposable {
  readonly #cluster: TestCluster;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #furnished = new Set<string>();

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const { items } = await this.#get<{ items: KubeObject[] }>("/api/v1/namespaces");
      for (const namespace of items) await this.#lookAt(namespace);
      await sleep(50);
    }
  }

  async #lookAt({ metadata }: KubeObject): Promise<void> {
    const { name = "", uid = "" } = metadata ?? {};
    if (metadata?.deletionTimestamp !== undefined) return await this.#end(name);
    if (this.#furnished.has(uid)) return;
    await unlessGone(this.#cluster.createServiceAccount(name, "default"));
    this.#furnished.add(uid);
  }

  /** Deletes what is in the namespace, by every kind that is served, and then the namespace. */
  async #end(name: string): Promise<void> {
    for (const path of await this.#collections()) {
      const collection = path.replace("*", name);
      // A kind may go while we look: its definition is deleted at the same time.
      const list = await unlessGone(this.#get<{ items: KubeObject[] }>(collection));
      for (const { metadata } of list?.items ?? []) {
        const object = `${collection}/${metadata?.name}`;
        const answer = await this.#cluster.fetch("DELETE", object, { gracePeriodSeconds: 0 });
        await answer.body?.cancel();
        // A webhook that is about to go as well may refuse it: the next round tries again.
        if (!answer.ok && answer.status !== 404) return;
      }
    }
    const path = `/api/v1/namespaces/${name}/finalize`;
    const empty = { kind: "Namespace", apiVersion: "v1", metadata: { name }, spec: {} };
    await unlessGone(this.#cluster.request("PUT", path, empty));
  }

  /** Paths of everything namespaced that can be listed and deleted, with `*` for the namespace. */
  async #collections(): Promise<string[]> {
    const { groups } = await this.#get<{ groups: Group[] }>("/apis");
    const preferred = groups.map((one) => `/apis/${one.preferredVersion.groupVersion}`);
    const found: string[] = [];
    for (const version of ["/api/v1", ...preferred]) {
      const list = await unlessGone(this.#get<{ resources: Resource[] }>(version));
      for (const { name, namespaced, verbs } of list?.resources ?? []) {
        if (!namespaced || !verbs.includes("list") || !verbs.includes("delete")) continue;
        found.push(`${version}/namespaces/*/${name}`);
      }
    }
    return found;
  }

  #get<T>(path: string): Promise<T> {
    return this.#cluster.request<T>("GET", path);
  }
}

interface Group {
  preferredVersion: { groupVersion: string };
}

interface Resource {
  name: string;
  namespaced: boolean;
  verbs: string[];
}

/** Undefined where it is gone, or changed by somebody else: the next round looks again. */
async function unlessGone<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 409)) throw error;
    return undefined;
  }
}
