/**
 * For tests: what is around a pod, from the objects of a cluster as a person writes them.
 *
 * @module
 */
import { isObject, type JsonObject } from "core/patch/json.ts";
import { decideDataplane } from "./decide.ts";
import type { Decision, Surroundings } from "./decision.ts";
import { membershipOf } from "./membership.ts";
import {
  metadataOf,
  ownersOf,
  readNamespace,
  readNode,
  readService,
  readSlice,
} from "./read_facts.ts";
import { readPod } from "./read_pod.ts";

/** Objects of a cluster, and the settings that count. */
export interface ClusterObjects {
  readonly pod: JsonObject;
  readonly namespace?: JsonObject;
  readonly node?: JsonObject;
  readonly services?: readonly JsonObject[];
  readonly slices?: readonly JsonObject[];
  /** ReplicaSets and Jobs, by their `kind`. */
  readonly owners?: readonly JsonObject[];
  /** Without them, nobody looks whether the mesh exists. */
  readonly meshes?: readonly JsonObject[];
  readonly zone?: string;
  readonly nodeLabelsToCopy?: readonly string[];
  readonly ignoredSelectorLabels?: readonly string[];
}

/** The default of `nodeLabelsToCopy`. */
export const NODE_LABELS = [
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "kubernetes.io/hostname",
];

/** What is decided about the pod of these objects. */
export function decideAbout(objects: ClusterObjects): Decision {
  const pod = readPod(objects.pod);
  if (pod === undefined) return { is: "ignored", why: "the mesh has nothing to do with it" };
  const { zone = "default", ignoredSelectorLabels = [] } = objects;
  const settings = { zone, ignoredSelectorLabels };
  return decideDataplane({ pod, around: surroundingsOf(objects, pod.uid), settings });
}

function surroundingsOf(objects: ClusterObjects, uid: string): Surroundings {
  const { namespace, node, services = [], slices = [], owners = [], meshes } = objects;
  const read = slices.map(readSlice).filter((slice) => slice !== undefined);
  return {
    namespace: namespace === undefined ? undefined : readNamespace(namespace),
    services: services.map(readService),
    backs: (service) =>
      read.some((slice) => slice.service === service && slice.podUids.includes(uid)),
    nodeLabels: node === undefined
      ? undefined
      : readNode(node, objects.nodeLabelsToCopy ?? NODE_LABELS),
    ownersOf: (kind, name) => {
      const found = owners.find((one) => one.kind === kind && metadataOf(one).name === name);
      return found === undefined ? undefined : ownersOf(found);
    },
    ...(meshes === undefined ? {} : {
      membership: (mesh: string) => {
        const found = meshes.find((one) => metadataOf(one).name === mesh);
        return found === undefined
          ? undefined
          : membershipOf(isObject(found.spec) ? found.spec : undefined);
      },
    }),
  };
}
