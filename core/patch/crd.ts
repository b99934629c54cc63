/**
 * The custom resource definition of ContainerPatch: group `kuma.io`, version `v1alpha1`, namespaced.
 *
 * @module
 */
import { kumaDefinition } from "core/kube/definition.ts";
import type { JsonObject } from "./json.ts";
import { PATCH_OPERATIONS } from "./operation.ts";

const OPERATION: JsonObject = {
  type: "object",
  required: ["op", "path"],
  properties: {
    op: {
      type: "string",
      enum: [...PATCH_OPERATIONS],
      description: "The JSON Patch operation (RFC 6902; test is not supported).",
    },
    path: {
      type: "string",
      description: "JSON Pointer (RFC 6901) below the container, such as /resources/limits/cpu.",
    },
    from: { type: "string", description: "Where move and copy take the value from." },
    value: {
      type: "string",
      description: "JSON text that add and replace write: 'true', '\"100m\"', '{\"cpu\": \"1\"}'.",
    },
  },
};

/** The definition as `kubectl apply` takes it. */
export function containerPatchDefinition(): JsonObject {
  return kumaDefinition({
    kind: "ContainerPatch",
    plural: "containerpatches",
    scope: "Namespaced",
    schema: SCHEMA,
  });
}

const list = (description: string): JsonObject => ({
  type: "array",
  description,
  items: OPERATION,
});

const SCHEMA: JsonObject = {
  type: "object",
  description: "ContainerPatch stores a list of patches to apply to the injected containers.",
  properties: {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: { type: "object" },
    mesh: { type: "string", description: "Optional, without effect." },
    spec: {
      type: "object",
      properties: {
        sidecarPatch: list("Operations on the container kuma-sidecar."),
        initPatch: list("Operations on the container kuma-init, or kuma-validation with the CNI."),
      },
    },
  },
};
