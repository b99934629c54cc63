/**
 * What a person should know about a pod's annotations although they hinder nothing: Kuma only logs it.
 *
 * @module
 */
import { type Annotation, ANNOTATION_TABLE } from "core/kube/annotation_table.ts";
import {
  ANNOTATIONS,
  CONTAINERS,
  LABELS,
  type REMOVED_ANNOTATIONS,
} from "core/kube/annotations.ts";
import { isObject, objectsIn } from "core/patch/json.ts";
import type { Settings } from "./settings/table.ts";
import type { PodView } from "./pod.ts";
import { TOKEN_PATH } from "./sidecar_env.ts";

/** The one about injection is spoken of below. */
type RemovedAnnotation = Exclude<
  typeof REMOVED_ANNOTATIONS[number],
  typeof LABELS.sidecarInjection
>;

/** Annotations that have no effect, and what has it instead. */
const REMOVED: Readonly<Record<RemovedAnnotation, string>> = {
  "kuma.io/builtindns": `use ${ANNOTATIONS.builtinDns}`,
  "kuma.io/builtindnsport": `use ${ANNOTATIONS.builtinDnsPort}`,
  "kuma.io/transparent-proxying-inbound-v6-port":
    `use ${ANNOTATIONS.transparentProxyingIpFamilyMode}`,
  "kuma.io/transparent-proxying-experimental-engine": "there is only one engine",
};

/** Annotations that are switches; `yes` and `no` are their deprecated words. */
const SWITCHES: readonly string[] = Object.values<Annotation>(ANNOTATION_TABLE)
  .filter(({ kind, by }) => by !== "elsewhere" && /switch$|^gateway$/.test(kind))
  .map(({ name }) => name);

/** Warnings about a pod that is injected. */
export function advice(pod: PodView, settings: Settings): string[] {
  const has = (name: string) => Object.hasOwn(pod.annotations, name);
  const warnings = adviceOnLabel(pod, settings);
  for (const [name, instead] of Object.entries(REMOVED)) {
    if (has(name)) warnings.push(`annotation ${name} has no effect, ${instead}`);
  }
  if (has(ANNOTATIONS.mesh)) {
    warnings.push(`annotation ${ANNOTATIONS.mesh} is deprecated, use the label of that name`);
  }
  for (const name of SWITCHES.filter(has)) {
    const value = pod.annotations[name];
    if (value !== "yes" && value !== "no") continue;
    warnings.push(`annotation ${name}: "${value}" is deprecated, use "${value === "yes"}"`);
  }
  if (!hasToken(pod)) {
    warnings.push(
      `${CONTAINERS.sidecar} gets no service-account token: name a volume with one in ` +
        ANNOTATIONS.serviceAccountTokenVolume,
    );
  }
  const { spec } = pod.object;
  if ((spec as { hostNetwork?: unknown }).hostNetwork === true) {
    warnings.push("the pod uses its node's network, whose traffic would be redirected: opt it out");
  }
  return warnings;
}

/**
 * Whether the sidecar will have a token to show to its control plane. The API server has mounted it by now where
 * it does at all; a pod that never was there does not say, unless it opts out itself.
 */
function hasToken(pod: PodView): boolean {
  if (Object.hasOwn(pod.annotations, ANNOTATIONS.serviceAccountTokenVolume)) return true;
  const { automountServiceAccountToken, serviceAccount } = isObject(pod.object.spec)
    ? pod.object.spec
    : {};
  // The older name of serviceAccountName; only the API server writes it.
  const seen = typeof serviceAccount === "string";
  if (automountServiceAccountToken !== false && !seen) return true;
  const mounts = pod.containers.flatMap(({ volumeMounts }) => objectsIn(volumeMounts));
  return mounts.some(({ mountPath }) => mountPath === TOKEN_PATH);
}

/** The warning about an injection that is asked for, or refused, by an annotation that says nothing. */
export function adviceOnLabel(pod: PodView, settings: Settings): string[] {
  const name = LABELS.sidecarInjection;
  if (settings.injectionAnnotation || !Object.hasOwn(pod.annotations, name)) return [];
  return [`annotation ${name} has no effect, use the label of that name`];
}
