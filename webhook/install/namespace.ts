/**
 * The system namespace.
 *
 * @module
 */
import type { V1Namespace } from "@kubernetes/client-node";

/** The namespace with the label by which Kuma's webhooks for Secrets know it. */
export function systemNamespace(name: string): V1Namespace {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { "kuma.io/system-namespace": "true" } },
  };
}
