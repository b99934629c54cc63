/**
 * A pod with all that is around it, from a cluster or from files: what the explanation is made of.
 *
 * @module
 */
import type { Found } from "core/cluster/reader.ts";
import type { OwnerFacts, ServiceFacts, SliceFacts } from "core/dataplane/facts.ts";
import type { DATAPLANE_SETTINGS } from "core/dataplane/settings.ts";
import type { NamespaceView } from "core/inject/context.ts";
import type { Settings as InjectorSettings } from "core/inject/settings/table.ts";
import type { CniPodView } from "core/interception/cni_pod.ts";
import type { Exempt } from "core/interception/skip.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import type { Values } from "core/settings/load.ts";
import type { PodEvent, Unread } from "./document.ts";

/** What is known of a pod. */
export interface PodSubject {
  readonly pod: JsonObject;
  readonly namespace: Found<JsonObject>;
  /** The MutatingWebhookConfiguration. */
  readonly configuration: Found<JsonObject>;
  readonly injector: InjectorSettings;
  readonly dataplaneSettings: Values<typeof DATAPLANE_SETTINGS>;
  /** A mesh by its name. */
  readonly mesh: (name: string) => Promise<Found<JsonObject>>;
  readonly services: Found<ServiceFacts[]>;
  readonly slices: Found<SliceFacts[]>;
  /** The pod's node; undefined where it is on none. */
  readonly node: Found<JsonObject> | undefined;
  /** Owners of the pod's owners, by kind and name. */
  readonly owners: ReadonlyMap<string, Found<readonly OwnerFacts[]>>;
  /** Undefined where nobody was asked. */
  readonly dataplane: Found<JsonObject> | undefined;
  /** The CNI's pods of the pod's node; undefined where nobody was asked. */
  readonly cniPods: Found<InstallerPod[]> | undefined;
  /** Pods that the plugin leaves alone by name; undefined where its configuration is not known. */
  readonly exempt: Exempt | undefined;
  readonly events: readonly PodEvent[];
  readonly unread: readonly Unread[];
  readonly assumed: readonly string[];
}

/** A pod of the CNI. */
export interface InstallerPod extends CniPodView {
  /** `NAMESPACE/NAME`. */
  readonly name: string;
  /** ConfigMap and key of the plugin's configuration, where it is in one. */
  readonly configuration?: {
    readonly namespace: string;
    readonly map: string;
    readonly key: string;
  };
  /** Where the kubelet asks whether it is ready. */
  readonly readiness?: { readonly path: string; readonly port: number };
}

/** Labels and annotations of a Namespace. */
export function namespaceView(object: JsonObject): NamespaceView {
  const { labels, annotations } = isObject(object.metadata) ? object.metadata : {};
  const texts = (value: unknown) => (value ?? {}) as Readonly<Record<string, string>>;
  return { labels: texts(labels), annotations: texts(annotations) };
}
