/**
 * The custom resource definition of Mesh, for clusters where no control plane of Kuma has installed its
 * own: cluster-scoped, and of any content, since the webhook only looks whether a Mesh exists.
 *
 * @module
 */
import type { JsonObject } from "core/patch/json.ts";

/** The definition as `kubectl apply` takes it. */
export function meshDefinition(): JsonObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "meshes.kuma.io" },
    spec: {
      group: "kuma.io",
      scope: "Cluster",
      names: {
        kind: "Mesh",
        listKind: "MeshList",
        plural: "meshes",
        singular: "mesh",
        categories: ["kuma"],
      },
      versions: [{
        name: "v1alpha1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            description: "A mesh. Its content is for Kuma's control plane.",
            "x-kubernetes-preserve-unknown-fields": true,
          },
        },
      }],
    },
  };
}
