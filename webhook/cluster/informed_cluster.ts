/**
 * The cluster as injection sees it, kept by informers.
 *
 * @module
 */
import type { Logger } from "core/log/logger.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import type { Cluster, NamespaceView } from "../inject/context.ts";
import type { TextMap } from "../inject/pod.ts";
import type { Settings } from "../settings/table.ts";
import type { KubeConnection } from "./connection.ts";
import { Informer } from "./informer.ts";

const KUMA = "/apis/kuma.io/v1alpha1";
/** The only key of a ConfigMap that is kept. */
const DOCUMENT = "config.yaml";

/** Everything in memory; no look-up asks the API server. */
export class InformedCluster implements Cluster {
  readonly #namespaces: Informer<NamespaceView>;
  readonly #meshes: Informer<true>;
  readonly #patches: Informer<JsonObject>;
  readonly #configMaps: Informer<TextMap> | undefined;
  readonly #systemNamespace: string;

  constructor(connection: KubeConnection, settings: Settings, log: Logger) {
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
      keep: () => true as const,
    });
    this.#patches = new Informer({
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
    });
  }

  /** The informers, for readiness and metrics. */
  get informers(): readonly Informer<unknown>[] {
    const all = [this.#namespaces, this.#meshes, this.#patches, this.#configMaps];
    return all.filter((one) => one !== undefined);
  }

  /** Names of the kinds that were not listed yet. */
  get waitingFor(): string[] {
    return this.informers.filter((one) => !one.synced).map((one) => one.name);
  }

  /** Runs every informer until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.informers.map((one) => one.run(signal)));
  }

  namespace(name: string): NamespaceView | undefined {
    return this.#namespaces.get(name);
  }

  hasMesh(name: string): boolean {
    return this.#meshes.get(name) === true;
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
