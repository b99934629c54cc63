/**
 * Who is injected, and into which mesh.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { ANNOTATIONS, CONTAINERS, LABELS } from "core/kube/annotations.ts";
import type { Settings } from "./settings/table.ts";
import type { Cluster, NamespaceView } from "./context.ts";
import { quotedList, readSwitch } from "core/grammar/go_text.ts";
import type { PodView, TextMap } from "./pod.ts";
import { isObject, type Json, type JsonObject, objectsIn } from "core/patch/json.ts";

/** The verdict and the rule that gave it. */
export interface InjectionDecision {
  readonly inject: boolean;
  readonly reason: string;
  /** No label said anything: the namespace may have got one that is not known yet. */
  readonly undecided?: boolean;
}

const NAME = LABELS.sidecarInjection;

/**
 * Decides by the first rule that says something: exceptions, already injected, the pod's label, the
 * namespace's, then (where the setting allows) the annotations of both. Throws `KUMA-WH-002` for a label
 * that is no switch.
 */
export function decideInjection(
  pod: PodView,
  namespace: NamespaceView,
  settings: Settings,
): InjectionDecision {
  for (const [key, wanted] of Object.entries(settings.exceptionLabels)) {
    const value = own(pod.labels, key);
    if (value !== undefined && (wanted === "*" || wanted === value)) {
      return no(`the pod's label ${key} is an exception`);
    }
  }
  const all = [...pod.containers, ...pod.initContainers];
  if (all.some((container) => container.name === CONTAINERS.sidecar)) {
    return no(`the pod has a container ${CONTAINERS.sidecar} already`);
  }
  const sources: [string, TextMap][] = [
    ["the pod's label", pod.labels],
    [`the label of namespace ${pod.namespace}`, namespace.labels],
  ];
  if (settings.injectionAnnotation) {
    sources.push(["the pod's annotation", pod.annotations]);
    sources.push([`the annotation of namespace ${pod.namespace}`, namespace.annotations]);
  }
  for (const [what, map] of sources) {
    const value = own(map, NAME);
    if (value === undefined) continue;
    const made = namespace.assumed && (map === namespace.labels || map === namespace.annotations);
    const how = made ? "is assumed to be" : "is";
    const kind = map === pod.labels || map === namespace.labels ? "label" : "annotation";
    return { inject: readSwitch(NAME, value, kind), reason: `${what} ${NAME} ${how} ${value}` };
  }
  const reason = `neither the pod nor namespace ${pod.namespace} has the label ${NAME}`;
  return { inject: false, reason, undecided: true };
}

/** A mesh, and what chose it. */
export interface ChosenMesh {
  readonly name: string;
  readonly source: string;
}

/**
 * The mesh: labels of pod, annotation of pod (deprecated), the same of the namespace, then `default`.
 * Empty values count as absent. Throws `KUMA-WH-004` where the mesh does not exist.
 */
export function chooseMesh(pod: PodView, namespace: NamespaceView, cluster: Cluster): ChosenMesh {
  const sources: [string, TextMap][] = [
    ["the pod's label", pod.labels],
    ["the pod's annotation", pod.annotations],
    ["the namespace's label", namespace.labels],
    ["the namespace's annotation", namespace.annotations],
  ];
  const found = sources.find(([, map]) => (own(map, LABELS.mesh) ?? "") !== "");
  const name = found === undefined ? "default" : own(found[1], LABELS.mesh) ?? "";
  if (!cluster.hasMesh(name)) {
    throw new KumaError("KUMA-WH-004", `Mesh.kuma.io ${JSON.stringify(name)} not found`);
  }
  const source = found === undefined ? "no label names another" : `${found[0]} ${LABELS.mesh}`;
  return { name, source };
}

/**
 * Refuses a pod whose containers run as the sidecar's user (`KUMA-WH-005`): their traffic would never be
 * redirected. Kuma 2.9 does not see the user that a container has from the pod's own `securityContext`. Returns a
 * warning for each init container that does; there it is a way out on purpose.
 */
export function checkUsers(pod: PodView, uid: number, patched = ""): string[] {
  const { spec } = pod.object;
  const inherited = isObject(spec) ? userOf(spec) : undefined;
  const runsAs = (container: JsonObject) => (userOf(container) ?? inherited) === uid;
  const clash = pod.containers.filter(runsAs);
  if (clash.length > 0) {
    const names = quotedList(clash.map((container) => String(container.name)));
    const own = clash.some((container) => userOf(container) !== undefined);
    throw new KumaError(
      "KUMA-WH-005",
      `containers using same UID as sidecar is unsupported: ${names}`,
      patched === "" && own
        ? {}
        : { hint: patched || `the pod's securityContext.runAsUser is ${uid}` },
    );
  }
  return pod.initContainers.filter(runsAs).map((container) =>
    `init container ${JSON.stringify(container.name)} runs as the sidecar's user ${uid}: ` +
    "its traffic is not redirected"
  );
}

/**
 * Looks at the sidecar as ContainerPatches have left it: another user than the configured one. kuma-cni exempts the user
 * that the sidecar really runs as, so with the CNI no container may be that one either (`KUMA-WH-005`); kuma-init
 * exempts the configured one, about which the warning is. Kuma 2.9 sees neither.
 */
export function checkPatchedUser(pod: PodView, sidecar: JsonObject, settings: Settings): string[] {
  const { spec } = pod.object;
  const uid = userOf(sidecar) ?? (isObject(spec) ? userOf(spec) : undefined);
  if (typeof uid !== "number" || uid === settings.uid) return [];
  if (settings.cniEnabled) {
    return checkUsers(pod, uid, `a ContainerPatch lets ${CONTAINERS.sidecar} run as user ${uid}`);
  }
  return [
    `a ContainerPatch lets ${CONTAINERS.sidecar} run as user ${uid}, but ${settings.uid} is exempted: ` +
    "what it sends comes back to it",
  ];
}

/** `securityContext.runAsUser` of a container or of a pod's spec; null says as little as nothing. */
function userOf({ securityContext }: JsonObject): Json | undefined {
  return isObject(securityContext) ? securityContext.runAsUser ?? undefined : undefined;
}

/** Why a pod that should be injected cannot be; `undefined` for one that can. */
export function whyNever(pod: PodView): string | undefined {
  const { spec } = pod.object;
  if (isObject(spec) && isForWindows(spec)) {
    return "the pod is for Windows nodes, where no traffic can be redirected";
  }
  if (own(pod.annotations, ANNOTATIONS.mirrorPod) === undefined) return undefined;
  return "the pod mirrors a static pod of its node, which no change here reaches";
}

/** By its own word, or since only nodes with Windows may run it. */
function isForWindows({ os, nodeSelector, affinity }: JsonObject): boolean {
  if (isObject(os) && os.name === "windows") return true;
  if (isObject(nodeSelector) && OS_LABELS.some((label) => nodeSelector[label] === "windows")) {
    return true;
  }
  const terms = objectsIn(
    at(at(at(affinity, "nodeAffinity"), REQUIRED), "nodeSelectorTerms"),
  );
  // Terms are alternatives, expressions in a term have to hold together.
  return terms.length > 0 &&
    terms.every((term) =>
      objectsIn(term.matchExpressions).some(({ key, operator, values }) =>
        OS_LABELS.includes(String(key)) && operator === "In" &&
        Array.isArray(values) && values.length > 0 && values.every((one) => one === "windows")
      )
    );
}

function at(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) ? value[key] : undefined;
}

/** The second is deprecated, and nodes still have it. */
const OS_LABELS: readonly string[] = ["kubernetes.io/os", "beta.kubernetes.io/os"];
const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";

function own(map: TextMap, key: string): string | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

function no(reason: string): InjectionDecision {
  return { inject: false, reason };
}
