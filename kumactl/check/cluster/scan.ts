/**
 * Goes through all pods of a cluster once, page by page, and keeps of the mesh's pods what the checks ask about; of
 * others nothing. A cluster may have many thousands.
 *
 * @module
 */
import type { ClusterReader, Found } from "core/cluster/reader.ts";
import { errorText, KumaError } from "core/errors.ts";
import { isCalled } from "core/inject/called.ts";
import { chooseMesh, decideInjection, whyNever } from "core/inject/decide.ts";
import { type PodView, viewPod } from "core/inject/pod.ts";
import type { Settings } from "core/inject/settings/table.ts";
import { CONTAINERS, LABELS } from "core/kube/annotations.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import type { InstallerPod } from "../../pod/subject.ts";
import { readInstaller } from "../../pod/installer_pods.ts";
import { type MeshedPod, readMeshed } from "./meshed.ts";
import type { NamespaceFacts } from "./namespaces.ts";

/** All that is kept. */
export interface ScannedPods {
  /** All pods that there are. */
  readonly count: number;
  readonly meshed: readonly MeshedPod[];
  readonly installers: readonly InstallerPod[];
  /** Pods that ask for a sidecar and have none, each with the reason. */
  readonly unmeshed: readonly { readonly pod: string; readonly why: string }[];
  /** What of pods' labels and annotations means nothing, each in a sentence. */
  readonly meaningless: readonly string[];
  /** Pods by the mesh that they name; only of those with a sidecar. */
  readonly meshes: ReadonlyMap<string, number>;
}

/** What decides about pods; what could not be read is undefined. */
export interface ScanContext {
  readonly injector: Settings;
  readonly namespaces: ReadonlyMap<string, NamespaceFacts> | undefined;
  readonly configuration: JsonObject | undefined;
}

/** Objects of a page: some ten KiB each as text, and several times that as objects. */
const PAGE = 250;

/** Scans them. */
export async function scanPods(
  reader: ClusterReader,
  context: ScanContext,
): Promise<Found<ScannedPods>> {
  const scan = new Scan(context);
  const found = await reader.list("/api/v1/pods", (pod) => scan.take(pod), { pageSize: PAGE });
  return found.is === "found" ? { is: "found", value: scan } : found;
}

class Scan implements ScannedPods {
  readonly #context: ScanContext;
  count = 0;
  readonly meshed: MeshedPod[] = [];
  readonly installers: InstallerPod[] = [];
  readonly unmeshed: { pod: string; why: string }[] = [];
  readonly meaningless: string[] = [];
  readonly meshes = new Map<string, number>();

  constructor(context: ScanContext) {
    this.#context = context;
  }

  /** Takes one; nothing of it is kept by the list itself. */
  take(object: JsonObject): undefined {
    this.count++;
    const installer = readInstaller(object);
    if (installer !== undefined) this.installers.push(installer);
    const { phase } = isObject(object.status) ? object.status : {};
    if (phase === "Succeeded" || phase === "Failed") return;
    const { namespace, deletionTimestamp } = isObject(object.metadata) ? object.metadata : {};
    if (typeof namespace !== "string" || deletionTimestamp !== undefined) return;
    const pod = viewOf(object, namespace);
    if (pod === undefined) return;
    this.#lookAtLabels(pod);
    const all = [...pod.containers, ...pod.initContainers];
    if (all.some(({ name }) => name === CONTAINERS.sidecar)) return this.#takeMeshed(object, pod);
    this.#takeOther(pod);
  }

  #takeMeshed(object: JsonObject, pod: PodView): undefined {
    const meshed = readMeshed(object);
    if (meshed !== undefined) this.meshed.push(meshed);
    const namespace = this.#context.namespaces?.get(pod.namespace);
    const { name } = chooseMesh(pod, namespace ?? NOTHING, ANYTHING);
    this.meshes.set(name, (this.meshes.get(name) ?? 0) + 1);
  }

  #takeOther(pod: PodView): undefined {
    const { injector, namespaces, configuration } = this.#context;
    const namespace = namespaces?.get(pod.namespace);
    if (namespace === undefined || whyNever(pod) !== undefined) return;
    const key = `${pod.namespace}/${pod.name}`;
    try {
      const { inject, reason } = decideInjection(pod, namespace, injector);
      if (!inject) return;
      const called = configuration === undefined
        ? undefined
        : isCalled(configuration, namespace.labels, pod.labels);
      const why = called?.called === false
        ? `${reason}; the API server does not ask the injector: ${called.reason}`
        : reason;
      this.unmeshed.push({ pod: key, why });
    } catch (thrown) {
      if (!(thrown instanceof KumaError)) throw thrown;
      // Who is asked about it would deny it; nobody was. A namespace's own label is told once, for the namespace.
      if (!Object.hasOwn(pod.labels, LABELS.sidecarInjection)) return;
      this.meaningless.push(`pod ${key}: ${errorText(thrown)}`);
    }
  }

  #lookAtLabels({ namespace, name, annotations }: PodView): void {
    const { injectionAnnotation } = this.#context.injector;
    if (injectionAnnotation || !Object.hasOwn(annotations, LABELS.sidecarInjection)) return;
    this.meaningless.push(
      `pod ${namespace}/${name}: annotation ${LABELS.sidecarInjection} has no effect, use the label`,
    );
  }
}

/** Only what these checks look at, so that nothing of other pods is in the way. */
function viewOf(object: JsonObject, namespace: string): PodView | undefined {
  try {
    return viewPod(object, namespace);
  } catch (thrown) {
    if (thrown instanceof KumaError) return undefined;
    throw thrown;
  }
}

const NOTHING: NamespaceFacts = { labels: {}, annotations: {} };
/** Whether the mesh is there is asked once for all of them. */
const ANYTHING = {
  namespace: () => undefined,
  hasMesh: () => true,
  containerPatch: () => undefined,
  configMap: () => undefined,
};
