/**
 * The custom resource definitions of what our programs read and write.
 *
 * @module
 */
import { kumaDefinition } from "core/kube/definition.ts";
import type { JsonObject } from "core/patch/json.ts";
import { dataplaneDefinition } from "core/dataplane/crd.ts";
import { containerPatchDefinition } from "core/patch/crd.ts";

/**
 * Mesh, for clusters where no control plane of Kuma has installed its own: cluster-scoped, and of any content,
 * since the webhook only looks whether a Mesh exists.
 */
export function meshDefinition(): JsonObject {
  return kumaDefinition({
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

/** All of them. */
export function definitions(): JsonObject[] {
  return [containerPatchDefinition(), dataplaneDefinition(), meshDefinition()];
}
