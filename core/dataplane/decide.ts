/**
 * From a pod and what is around it to its Dataplane: the rules of Kuma 2.9, in its order. Deterministic, whatever
 * the order in which labels, annotations and Services are given.
 *
 * It differs where Kuma's documentation and Kuma 2.9 differ: labels with `kuma.io/` in their name never become
 * tags, items of lists lose the blanks around them, and a pod that is being terminated is not ready even where no
 * Service leads to it. Zone ingresses and egresses are left to Kuma.
 *
 * @module
 */
import { ANNOTATIONS, LABELS } from "core/kube/annotations.ts";
import type { JsonObject } from "core/patch/json.ts";
import { AnnotationReader } from "./annotation_reader.ts";
import { builtinGateway } from "./builtin_gateway.ts";
import type { Dataplane, Decision, PodCase, Warning } from "./decision.ts";
import type { NamespaceFacts, PodFacts } from "./facts.ts";
import { membershipProblem } from "./membership.ts";
import { type MeshChoice, meshOf } from "./mesh_of.ts";
import { Problems, shown } from "./problems.ts";
import { sidecarSpec } from "./sidecar_spec.ts";
import { dataplaneProblems } from "./validate.ts";
import { deprecations } from "./warnings.ts";

/** Decides about one pod. Pure, and never throws for what objects of a cluster may hold. */
export function decideDataplane(one: PodCase): Decision {
  const { pod, around: { namespace } } = one;
  const problems = new Problems();
  const reader = new AnnotationReader(pod.annotations, problems);
  const ingress = reader.switch(ANNOTATIONS.ingress);
  const egress = reader.switch(ANNOTATIONS.egress);
  if (ingress === true || egress === true) return { is: "ignored", why: "it is a zone proxy" };
  if (problems.list.length > 0) return faulty(problems);
  const builtin = reader.text(ANNOTATIONS.gateway) === "builtin";
  if (!builtin) {
    const injected = reader.switch(ANNOTATIONS.sidecarInjected);
    if (problems.list.length > 0) return faulty(problems);
    if (injected !== true) return { is: "ignored", why: "it has no sidecar" };
  }
  if (namespace === undefined) return { is: "waiting", what: `Namespace ${pod.namespace}` };
  if (builtin) return gateway(one, namespace, reader, problems);
  if (namespace.terminating) return { is: "ignored", why: "its namespace is terminating" };
  if (pod.phase === "Succeeded") return { is: "absent", why: "the pod has succeeded" };
  if (pod.address === "") return { is: "absent", why: "the pod has no IP address" };
  if (pod.reason === "Evicted") return { is: "absent", why: "the pod was evicted" };
  return sidecar(one, namespace, reader, problems);
}

function gateway(
  one: PodCase,
  namespace: NamespaceFacts,
  reader: AnnotationReader,
  problems: Problems,
): Decision {
  const { pod, settings } = one;
  if (pod.address === "") return { is: "absent", why: "the pod has no IP address" };
  const spec = builtinGateway(pod, reader, settings.zone);
  return checked(one, meshOf(pod, namespace), spec, [], problems);
}

function sidecar(
  one: PodCase,
  namespace: NamespaceFacts,
  reader: AnnotationReader,
  problems: Problems,
): Decision {
  const result = sidecarSpec(one, reader, problems);
  if ("unknown" in result) return { is: "waiting", what: result.unknown };
  const choice = meshOf(one.pod, namespace);
  const warnings = [...deprecations(one.pod, choice), ...result.warnings];
  return checked(one, choice, withOutbounds(one, choice.mesh, result.spec), warnings, problems);
}

/** The spec with the outbounds of the pod, where they are wanted. */
function withOutbounds({ pod, around }: PodCase, mesh: string, spec: JsonObject): JsonObject {
  const networking = spec.networking as JsonObject;
  const { reachableServices } = (networking.transparentProxying ?? {}) as JsonObject;
  const reachable = (reachableServices ?? []) as string[];
  const outbound = around.outbounds?.({ mesh, address: pod.address, reachable }) ?? [];
  return outbound.length === 0 ? spec : { ...spec, networking: { ...networking, outbound } };
}

/** What Kuma's webhooks would refuse is not even sent: the person who can mend it is told at the pod. */
function checked(
  { pod, around, settings }: PodCase,
  { mesh }: MeshChoice,
  spec: JsonObject,
  warnings: readonly Warning[],
  problems: Problems,
): Decision {
  if (problems.list.length === 0) {
    for (const { field, message } of dataplaneProblems(spec)) problems.add(field, message);
  }
  if (problems.list.length === 0 && around.membership !== undefined) {
    const membership = around.membership(mesh);
    if (membership === undefined) problems.add("mesh", `Mesh ${shown(mesh)} does not exist`);
    else {
      const why = membershipProblem(spec, membership);
      if (why !== undefined) problems.add("mesh", `it cannot join ${shown(mesh)}: ${why}`);
    }
  }
  if (problems.list.length > 0) return faulty(problems, warnings);
  return { is: "present", dataplane: dataplaneOf(pod, mesh, settings.zone, spec), warnings };
}

function faulty(problems: Problems, warnings: readonly Warning[] = []): Decision {
  return { is: "faulty", problems: problems.list, warnings };
}

/** In Kuma a webhook adds labels and annotation; whoever writes without it has to. */
function dataplaneOf(pod: PodFacts, mesh: string, zone: string, spec: JsonObject): Dataplane {
  return {
    namespace: pod.namespace,
    name: pod.name,
    podUid: pod.uid,
    mesh,
    labels: {
      [LABELS.mesh]: mesh,
      [LABELS.origin]: "zone",
      ...(zone === "" ? {} : { [LABELS.zone]: zone }),
      [LABELS.env]: "kubernetes",
      [LABELS.namespace]: pod.namespace,
    },
    annotations: { [ANNOTATIONS.displayName]: pod.name },
    spec,
  };
}
