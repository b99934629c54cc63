/**
 * Which mesh a pod is in.
 *
 * @module
 */
import { ANNOTATIONS, LABELS } from "core/kube/annotations.ts";
import type { NamespaceFacts, PodFacts } from "./facts.ts";

/** A mesh, and where it is said; `old` names the deprecated place. */
export interface MeshChoice {
  readonly mesh: string;
  readonly old?: string;
}

const DEFAULT_MESH = "default";

/** The first that is not empty: the pod's label, its annotation, the namespace's label, its annotation. */
export function meshOf(pod: PodFacts, namespace: NamespaceFacts): MeshChoice {
  const label = pod.labels[LABELS.mesh] ?? "";
  if (label !== "") return { mesh: label };
  const annotation = pod.annotations[ANNOTATIONS.mesh] ?? "";
  if (annotation !== "") return { mesh: annotation, old: "the annotation kuma.io/mesh" };
  const { meshLabel, meshAnnotation } = namespace;
  if (meshLabel !== "") return { mesh: meshLabel };
  if (meshAnnotation === "") return { mesh: DEFAULT_MESH };
  return { mesh: meshAnnotation, old: "the annotation kuma.io/mesh of the namespace" };
}
