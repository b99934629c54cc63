/**
 * The system namespace.
 *
 * @module
 */
import { LABELS } from "core/kube/annotations.ts";
import type { JsonObject } from "core/patch/json.ts";

/** The namespace with the label by which Kuma's webhooks for Secrets know it. */
export function systemNamespace(name: string): JsonObject {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { [LABELS.systemNamespace]: "true" } },
  };
}
