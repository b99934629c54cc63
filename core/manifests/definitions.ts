/**
 * The custom resource definitions of what our programs read and write.
 *
 * @module
 */
import type { JsonObject } from "core/patch/json.ts";
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

/** Dataplane with Kuma's columns; its content is Kuma's control plane's to judge. */
function dataplaneDefinition(): JsonObject {
  const column = (at: number): JsonObject => ({
    name: "kuma.io/service",
    type: "string",
    description: `Service of inbound ${at + 1}`,
    jsonPath: `.spec.networking.inbound[${at}].tags['kuma\\.io/service']`,
    priority: at < 2 ? 0 : 1,
  });
  return definition({
    kind: "Dataplane",
    plural: "dataplanes",
    scope: "Namespaced",
    columns: [0, 1, 2, 3].map(column),
    schema: {
      type: "object",
      description: "The sidecar of a pod.",
      properties: {
        apiVersion: { type: "string" },
        kind: { type: "string" },
        metadata: { type: "object" },
        mesh: { type: "string" },
        spec: { "x-kubernetes-preserve-unknown-fields": true, type: "object" },
      },
    },
  });
}

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly scope: "Cluster" | "Namespaced";
  readonly columns?: JsonObject[];
  readonly schema: JsonObject;
}

function definition({ kind, plural, scope, columns, schema }: Kind): JsonObject {
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
        ...columns === undefined ? {} : { additionalPrinterColumns: columns },
        schema: { openAPIV3Schema: schema },
      }],
    },
  };
}

/** All of them. */
export function definitions(): JsonObject[] {
  return [containerPatchDefinition(), dataplaneDefinition(), meshDefinition()];
}
