/**
 * The control plane's document as the pod gets it.
 *
 * @module
 */
import type { V1ConfigMap } from "@kubernetes/client-node";
import { NAME, named } from "./names.ts";

/** Where the pod finds it. */
export const CONFIG_FOLDER = "/etc/kuma-webhook/config";
/** Its file name there. */
export const CONFIG_KEY = "config.yaml";

/** The ConfigMap with the document as it is, comments included. */
export function configMap(namespace: string, document: string): V1ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: named(NAME, namespace),
    data: { [CONFIG_KEY]: document },
  };
}
