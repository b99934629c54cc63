/**
 * Custom resource definitions of the group `kuma.io`.
 *
 * @module
 */
import type { JsonObject } from "core/patch/json.ts";

/** What tells one of Kuma's kinds from the others. */
export interface DefinedKind {
  readonly kind: string;
  /** In small letters, as in paths. */
  readonly plural: string;
  readonly scope: "Cluster" | "Namespaced";
  /** OpenAPI v3, as Kubernetes has it. */
  readonly schema: JsonObject;
  /** What `kubectl get` shows beside name and age. */
  readonly columns?: readonly JsonObject[];
}

/** The definition as `kubectl apply` takes it: version `v1alpha1`, of the category `kuma`. */
export function kumaDefinition({ kind, plural, scope, schema, columns }: DefinedKind): JsonObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.kuma.io` },
    spec: {
      group: "kuma.io",
      scope,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        categories: ["kuma"],
      },
      versions: [{
        name: "v1alpha1",
        served: true,
        storage: true,
        ...(columns === undefined ? {} : { additionalPrinterColumns: [...columns] }),
        schema: { openAPIV3Schema: schema },
      }],
    },
  };
}
