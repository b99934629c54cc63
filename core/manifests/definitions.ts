/**
 * The custom resource definitions of what our programs read and write.
 *
 * @module
 */
import type { JsonObject } from "core/patch/json.ts";
import { dataplaneDefinition } from "core/dataplane/crd.ts";
import { containerPatchDefinition } from "core/patch/crd.ts";

/**
 * Mesh, for clusters where no control plane of Kuma has installed its own: cluster-scoped, and of any content,
 * since the webhook only looks whether a Mesh exists.
 */
export function meshDefinition(): JsonObject {
  return definition({
    kind: "Mesh",
    plural: "meshes",
    scope: "Cluster",
    schema: {
      type: "object",
      description: "A mesh. Its content is for Kuma's control plane.",
      "x-kubernetes-preserve-unknown-fields": true,
    },
  });
}

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly scope: "Cluster" | "Namespaced";
  readonly schema: JsonObject;
}

function definition({ kind, plural, scope, schema }: Kind): JsonObject {
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
        schema: { openAPIV3Schema: schema },
      }],
    },
  };
}

/** All of them. */
export function definitions(): JsonObject[] {
  return [containerPatchDefinition(), dataplaneDefinition(), meshDefinition()];
}
