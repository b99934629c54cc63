/**
 * Whether a pod of the cluster has a sidecar, whether its labels ask for one now, and whether both fit together.
 *
 * @module
 */
import type { Found } from "core/cluster/reader.ts";
import { errorText, KumaError } from "core/errors.ts";
import { isCalled } from "core/inject/called.ts";
import {
  chooseMesh,
  decideInjection,
  type InjectionDecision,
  whyNever,
} from "core/inject/decide.ts";
import { type PodView, viewPod } from "core/inject/pod.ts";
import type { Settings } from "core/inject/settings/table.ts";
import { CONTAINERS } from "core/kube/annotations.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import type { InjectionPart } from "./document.ts";
import { namespaceView, type PodSubject } from "./subject.ts";

/** The part, and what is wrong. */
export interface ExplainedInjection {
  readonly part: InjectionPart;
  readonly problems: readonly string[];
}

/** Explains it by the labels as they are now: nobody remembers what they were when the pod was made. */
export async function explainInjection(subject: PodSubject): Promise<ExplainedInjection> {
  const { pod: object, namespace, injector, configuration } = subject;
  const { namespace: name } = isObject(object.metadata) ? object.metadata : {};
  const pod = viewPod(object, String(name ?? ""));
  const injected = [...pod.containers, ...pod.initContainers].some(isSidecar);
  const verdict = injected ? "injected" : "left alone";
  if (namespace.is === "unreadable") {
    const reason = "the labels of its namespace may not be read, so what they say is not known";
    return { part: { verdict, reason }, problems: [] };
  }
  if (namespace.is === "absent") {
    return { part: { verdict, reason: "its namespace is gone" }, problems: [] };
  }
  const view = namespaceView(namespace.value);
  const decision = decide(
    withoutSidecar(pod),
    () => decideInjection(withoutSidecar(pod), view, injector),
  );
  const mesh = injected || decision.inject ? await meshOf(pod, subject) : undefined;
  const problems = [
    ...misfits(injected, decision, configuration, { pod, labels: view.labels }),
    ...(mesh?.problem === undefined ? [] : [mesh.problem]),
  ];
  return {
    part: {
      verdict,
      reason: decision.reason,
      ...(mesh === undefined ? {} : { mesh: mesh.name, meshSource: mesh.source }),
    },
    problems,
  };
}

function decide(pod: PodView, work: () => InjectionDecision): InjectionDecision {
  const never = whyNever(pod);
  if (never !== undefined) return { inject: false, reason: never };
  try {
    return work();
  } catch (thrown) {
    if (!(thrown instanceof KumaError)) throw thrown;
    return { inject: false, reason: `a pod like this is denied: ${errorText(thrown)}` };
  }
}

function misfits(
  injected: boolean,
  { inject, reason }: InjectionDecision,
  configuration: Found<JsonObject>,
  { pod, labels }: { pod: PodView; labels: Readonly<Record<string, string>> },
): string[] {
  if (injected && !inject) {
    return [`it has a sidecar, and would get none now: ${reason}`];
  }
  if (injected || !inject) return [];
  const anew = "it has no sidecar, although its labels ask for one";
  if (configuration.is === "absent") {
    return [`${anew}: there is no injector (webhook configuration)`];
  }
  if (configuration.is === "unreadable") return [`${anew}; delete it, so that it is made anew`];
  const { called, reason: why } = isCalled(configuration.value, labels, pod.labels);
  if (!called) return [`${anew}: the API server does not ask the injector about it: ${why}`];
  return [
    `${anew}: it was made before the label was there, or while the injector was not reached; delete it, so that it ` +
    "is made anew",
  ];
}

interface MeshAnswer {
  readonly name: string;
  readonly source: string;
  readonly problem?: string;
}

async function meshOf(
  pod: PodView,
  { namespace, mesh, injector }: PodSubject,
): Promise<MeshAnswer> {
  const view = namespace.is === "found"
    ? namespaceView(namespace.value)
    : { labels: {}, annotations: {} };
  const anything = { ...NO_CLUSTER, hasMesh: () => true };
  const { name, source } = chooseMesh(pod, view, anything);
  const found = await mesh(name);
  if (found.is !== "absent") return { name, source };
  return {
    name,
    source,
    problem: `Mesh ${JSON.stringify(name)} does not exist${pendingIn(injector)}`,
  };
}

/** A zone gets its meshes from a global control plane, some time after they were made there. */
function pendingIn({ globalAddress }: Settings): string {
  return globalAddress === "" ? "" : " in this zone (yet)";
}

const NO_CLUSTER = {
  namespace: () => undefined,
  containerPatch: () => undefined,
  configMap: () => undefined,
};

function isSidecar({ name }: JsonObject): boolean {
  return name === CONTAINERS.sidecar;
}

/** The pod as it was before: with its sidecar, the decision would only say that it has one. */
function withoutSidecar(pod: PodView): PodView {
  const others = (list: readonly JsonObject[]) => list.filter((one) => !isSidecar(one));
  return { ...pod, containers: others(pod.containers), initContainers: others(pod.initContainers) };
}
