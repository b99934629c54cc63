/**
 * The custom resource definition of Dataplane, for clusters that no control plane of Kuma has given its own: group
 * `kuma.io`, version `v1alpha1`, namespaced, with the columns of Kuma 2.9. Unlike Kuma's, it knows the fields and
 * refuses wrong ones; fields that it does not know stay.
 *
 * @module
 */
import { kumaDefinition } from "core/kube/definition.ts";
import type { JsonObject } from "core/patch/json.ts";
import { DATAPLANE_SPEC, type Shape } from "./shape.ts";

/** The definition as `kubectl apply` takes it. */
export function dataplaneDefinition(): JsonObject {
  return kumaDefinition({
    kind: "Dataplane",
    plural: "dataplanes",
    scope: "Namespaced",
    schema: schema(),
    columns: [0, 1, 2, 3].map(column),
  });
}

/** The service of one inbound; those of the third and fourth only with `-o wide`. */
function column(at: number): JsonObject {
  return {
    name: "kuma.io/service",
    type: "string",
    description: `Service of the inbound number ${at + 1}.`,
    jsonPath: `.spec.networking.inbound[${at}].tags['kuma\\.io/service']`,
    ...(at < 2 ? {} : { priority: 1 }),
  };
}

function schema(): JsonObject {
  return {
    type: "object",
    description: "A proxy of the mesh, and the workload that it stands for.",
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
      mesh: { type: "string", description: "Name of the mesh that the proxy is in." },
      spec: schemaOf(DATAPLANE_SPEC),
    },
  };
}

function schemaOf(shape: Shape): JsonObject {
  switch (shape.is) {
    case "any":
      return { "x-kubernetes-preserve-unknown-fields": true };
    case "text":
      return {
        type: "string",
        ...(shape.words === undefined ? {} : { enum: [...shape.words] }),
        ...(shape.shortest === undefined ? {} : { minLength: shape.shortest }),
      };
    case "number":
      return { type: "integer", minimum: 0, maximum: shape.most };
    case "switch":
      return { type: "boolean" };
    case "texts":
      return { type: "object", additionalProperties: { type: "string" } };
    case "list":
      return { type: "array", items: schemaOf(shape.of) };
    case "object":
      return {
        type: "object",
        ...(shape.help === undefined ? {} : { description: shape.help }),
        properties: Object.fromEntries(
          Object.entries(shape.fields).map(([name, field]) => [name, schemaOf(field)]),
        ),
        "x-kubernetes-preserve-unknown-fields": true,
      };
  }
}
