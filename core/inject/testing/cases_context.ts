/**
 * The context of an injection that a case describes, without any API server.
 *
 * @module
 */
import { stringify } from "yaml";
import type { JsonObject } from "core/patch/json.ts";
import { shippedContainerSchema } from "core/patch/schema.ts";
import type { Cluster, InjectionContext, NamespaceView } from "../context.ts";
import { loadSettings } from "../settings/load.ts";
import { knowsNativeSidecars } from "core/cluster/version.ts";
import type { InjectionCase } from "./cases_model.ts";

/** The settings of a case as the control plane's YAML document. */
function settingsDocument(one: InjectionCase): string {
  const settings = structuredClone(one.settings ?? {});
  if (one.injector !== undefined) {
    const runtime = (settings.runtime ??= {}) as JsonObject;
    const kubernetes = (runtime.kubernetes ??= {}) as JsonObject;
    kubernetes.injector = one.injector;
  }
  return stringify(settings);
}

/** Labels and annotations of the case's namespace. */
export function namespaceOf(one: InjectionCase): NamespaceView {
  return {
    labels: one.namespace?.labels ?? { "kuma.io/sidecar-injection": "enabled" },
    annotations: one.namespace?.annotations ?? {},
  };
}

/** Everything the case's injection looks at. */
export function contextOf(one: InjectionCase): InjectionContext {
  const loaded = loadSettings({ name: "case", text: settingsDocument(one) }, {});
  return {
    cluster: clusterOf(one),
    settings: loaded.settings,
    origins: loaded.origins,
    caCert: one.caCert,
    serverHasNativeSidecars: knowsNativeSidecars({ major: "1", minor: one.cluster?.minor ?? "34" }),
    schema: shippedContainerSchema(),
  };
}

function clusterOf(one: InjectionCase): Cluster {
  return {
    namespace: (name) => name === "app-ns" ? namespaceOf(one) : undefined,
    hasMesh: (name) => name === "default" || name === "blue",
    containerPatch: (name) => {
      const spec = one.patches?.[name];
      return spec === undefined ? undefined : { metadata: { name }, spec };
    },
    configMap: (namespace, name) => one.configMaps?.[`${namespace}/${name}`],
  };
}
