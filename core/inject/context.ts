/**
 * What injection knows beside the pod. All of it is in memory: an admission request asks no API server.
 *
 * @module
 */
import type { JsonObject } from "core/patch/json.ts";
import type { ContainerSchema } from "core/patch/schema.ts";
import type { SettingName, Settings } from "./settings/table.ts";
import type { TextMap } from "./pod.ts";

/** Labels and annotations of a namespace. */
export interface NamespaceView {
  readonly labels: TextMap;
  readonly annotations: TextMap;
  /** Nobody was asked: what is here is made up, and has to be said so. */
  readonly assumed?: boolean;
}

/** The cluster's objects that decide an injection. */
export interface Cluster {
  namespace(name: string): NamespaceView | undefined;
  hasMesh(name: string): boolean;
  /** A ContainerPatch of the system namespace. */
  containerPatch(name: string): JsonObject | undefined;
  /** The `data` of a ConfigMap. */
  configMap(namespace: string, name: string): TextMap | undefined;
  /** Counts what has been heard of the cluster; absent where nothing ever changes. */
  readonly changes?: number;
  /** Waits until more than so much was heard, or the signal fires. */
  changedSince?(changes: number, signal: AbortSignal): Promise<void>;
}

/** Everything an injection looks at. */
export interface InjectionContext {
  readonly cluster: Cluster;
  readonly settings: Settings;
  readonly origins: Readonly<Record<SettingName, string>>;
  /** PEM text that sidecars trust, `undefined` where none is configured. */
  readonly caCert: string | undefined;
  /** The API server knows restartable init containers (1.29 and later). */
  readonly serverHasNativeSidecars: boolean;
  readonly schema: ContainerSchema;
  /**
   * How long a request waits for the news of an object that somebody has just created or labelled, in ms;
   * by default not at all.
   */
  readonly patienceMs?: number;
}
