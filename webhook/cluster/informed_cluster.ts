/**
 * The cluster as injection and the webhooks for resources see it, kept by informers.
 *
 * @module
 */
import type { Logger } from "core/log/logger.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import type { Cluster, NamespaceView } from "core/inject/context.ts";
import type { TextMap } from "core/inject/pod.ts";
import { type Meshes, type MeshView, viewMesh } from "../resources/mesh.ts";
import type { Settings } from "core/inject/settings/table.ts";
import type { KubeClient } from "core/cluster/client.ts";
import { Informer } from "core/cluster/informer.ts";
import type { InformerStatus } from "core/cluster/informer_options.ts";

const KUMA = "/apis/kuma.io/v1alpha1";
/** The only key of a ConfigMap that is kept. */
const DOCUMENT = "config.yaml";
/** How long the news of an object may take until it counts as absent, in milliseconds. */
export const NEWS_MS = 500;

/** Everything in memory; no look-up asks the API server. */
export class InformedCluster implements Cluster, Meshes {
  readonly #namespaces: Informer<NamespaceView>;
  readonly #meshes: Informer<MeshView>;
  readonly #dataplanes: Informer<string> | undefined;
  readonly #patches: Informer<JsonObject>;
  readonly #configMaps: Informer<TextMap> | undefined;
  readonly #systemNamespace: string;

  constructor(connection: KubeClient, settings: Settings, log: Logger) {
    const common = { connection, log };
    this.#systemNamespace = settings.systemNamespace;
    this.#namespaces = new Informer({
      ...common,
      name: "namespaces",
      path: "/api/v1/namespaces",
      keep: namespaceView,
    });
    this.#meshes = new Informer({
      ...common,
      name: "meshes",
      path: `${KUMA}/meshes`,
      keep: viewMesh,
    });
    // They only keep a Mesh from being deleted, which this setting allows at any time.
    this.#dataplanes = settings.unsafeDelete ? undefined : new Informer({
      ...common,
      name: "dataplanes",
      path: `${KUMA}/dataplanes`,
      keep: ({ mesh }) => typeof mesh === "string" ? mesh : "",
    });
    this.#patches = new Informer<JsonObject>({
      ...common,
      name: "containerpatches",
      path: `${KUMA}/namespaces/${encodeURIComponent(settings.systemNamespace)}/containerpatches`,
      keep: (object) => ({ spec: object.spec ?? {} }),
    });
    // Only the mode that reads ConfigMaps may need the permission to see them.
    this.#configMaps = settings.configMapName === "" ? undefined : new Informer({
      ...common,
      name: "configmaps",
      path: "/api/v1/configmaps",
      keep: document,
      // All of the cluster's come, a MiB each at most, for the few that are documents of ours.
      pageSize: 50,
    });
  }

  /** The informers, for readiness and metrics. */
  get informers(): readonly InformerStatus[] {
    const all = [
      this.#namespaces,
      this.#meshes,
      this.#patches,
      this.#dataplanes,
      this.#configMaps,
    ];
    return all.filter((one) => one !== undefined);
  }

  /** Names of the kinds that were not listed yet. Dataplanes may not exist: injection needs none. */
  get waitingFor(): string[] {
    const missing = this.informers.filter((one) =>
      !one.synced && !(one === this.#dataplanes && one.unserved)
    );
    return missing.map((one) => one.name);
  }

  /** Runs every informer until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.informers.map((one) => one.run(signal)));
  }

  namespace(name: string): NamespaceView | undefined {
    return this.#namespaces.get(name);
  }

  hasMesh(name: string): boolean {
    return this.mesh(name) !== undefined;
  }

  get known(): boolean {
    return this.#meshes.synced;
  }

  mesh(name: string): MeshView | undefined {
    return this.#meshes.get(name);
  }

  async meshSoon(name: string): Promise<MeshView | undefined> {
    return await this.#meshes.until(() => this.mesh(name), AbortSignal.timeout(NEWS_MS));
  }

  get changes(): number {
    return this.informers.reduce((sum, { changes }) => sum + changes, 0);
  }

  async changedSince(changes: number, signal: AbortSignal): Promise<void> {
    const first = new AbortController();
    const over = AbortSignal.any([signal, first.signal]);
    const test = () => this.changes !== changes;
    await Promise.race(this.informers.map((one) => one.until(test, over)));
    first.abort();
  }

  /** Waits until everything was listed. Gives false when the signal fires first. */
  async listed(signal: AbortSignal): Promise<boolean> {
    const kinds = this.informers.map((one) =>
      one.until(
        () => one.synced || (one === this.#dataplanes && one.unserved),
        signal,
      )
    );
    return (await Promise.all(kinds)).every((found) => found === true);
  }

  dataplanesIn(mesh: string): number | undefined {
    if (this.#dataplanes === undefined) return undefined;
    if (this.#dataplanes.unserved) return 0;
    if (!this.#dataplanes.synced) return undefined;
    let count = 0;
    for (const one of this.#dataplanes.values()) if (one === mesh) count++;
    return count;
  }

  containerPatch(name: string): JsonObject | undefined {
    return this.#patches.get(`${this.#systemNamespace}/${name}`);
  }

  configMap(namespace: string, name: string): TextMap | undefined {
    return this.#configMaps?.get(`${namespace}/${name}`);
  }
}

function namespaceView(object: JsonObject): NamespaceView {
  const metadata = isObject(object.metadata) ? object.metadata : {};
  return { labels: texts(metadata.labels), annotations: texts(metadata.annotations) };
}

function document(object: JsonObject): TextMap | undefined {
  const data = isObject(object.data) ? object.data : {};
  const text = data[DOCUMENT];
  return typeof text === "string" ? { [DOCUMENT]: text } : {};
}

/** The API server holds these to be maps of texts. */
function texts(value: Json | undefined): TextMap {
  return isObject(value) ? value as Record<string, string> : {};
}
