/**
 * Who redirects the traffic of a pod, and whether the pod says that it works.
 *
 * @module
 */
import { viewCheckedPod } from "core/interception/checked_pod.ts";
import type { PodConfiguration } from "core/interception/pod_configuration.ts";
import { decideRepair, repairMessage } from "core/interception/repair.ts";
import { skipByName } from "core/interception/skip.ts";
import { isTainted, TAINT_KEY, viewNode } from "core/interception/taint.ts";
import { CONTAINERS } from "core/kube/annotations.ts";
import type { PodView } from "core/kube/pod.ts";
import { isObject, type JsonObject, objectsIn } from "core/patch/json.ts";
import type { InterceptionPart } from "./document.ts";
import { initEnd } from "./init_end.ts";
import type { PodSubject } from "./subject.ts";

/** The part, and what is wrong. */
export interface ExplainedInterception {
  readonly part: InterceptionPart;
  readonly problems: readonly string[];
}

/** Explains it: kuma-init by how it ended, kuma-cni by what it leaves alone and by the pod's own check. */
export function explainInterception(
  view: PodView,
  by: PodConfiguration["by"],
  reason: string,
  subject: PodSubject,
): ExplainedInterception {
  if (by === "kuma-init") return byInit(subject.pod);
  const early = subject.exempt === undefined ? undefined : skipByName(view, subject.exempt);
  if (by === "kuma-cni" && early === undefined) return byCni(subject);
  const meshed = [...view.containers, ...view.initContainers].includes(CONTAINERS.sidecar);
  const part: InterceptionPart = {
    by: "nobody",
    reason: `it has no ${CONTAINERS.init}, and kuma-cni leaves it alone: ${early ?? reason}`,
    works: meshed ? "no" : "unknown",
    evidence: meshed ? "nothing is redirected to its sidecar" : "it has no sidecar",
  };
  return { part, problems: meshed ? [`its sidecar gets no traffic: ${part.reason}`] : [] };
}

function byInit(pod: JsonObject): ExplainedInterception {
  const reason = `it has the init container ${CONTAINERS.init}`;
  const { works, evidence } = initEnd(pod);
  const part: InterceptionPart = { by: "kuma-init", reason, works, evidence };
  return { part, problems: works === "no" ? [evidence] : [] };
}

function byCni({ pod, cniPods, node }: PodSubject): ExplainedInterception {
  const reason =
    `it has a sidecar and no ${CONTAINERS.init}: kuma-cni redirects it when its network is made`;
  const around = [...cniProblems(cniPods), ...taintProblems(node)];
  const answer = (works: InterceptionPart["works"], evidence: string): ExplainedInterception => ({
    part: { by: "kuma-cni", reason, works, evidence },
    problems: works === "no" ? [evidence, ...around] : around,
  });
  const validation = CONTAINERS.validation;
  const checked = viewCheckedPod(pod);
  if (checked === undefined) {
    const has = objectsIn(isObject(pod.spec) ? pod.spec.initContainers : [])
      .some(({ name }) => name === validation);
    if (has) return answer("not yet", `${validation} has not run yet`);
    return answer("unknown", `it has no ${validation} that would try it`);
  }
  if (checked.check === "passed") {
    return answer("yes", `${validation} has tried it: a connection was redirected`);
  }
  if (checked.check === "pending") return answer("not yet", `${validation} has no answer yet`);
  const cni = cniPods?.is === "found" ? cniPods.value : undefined;
  return answer("no", repairMessage(checked, decideRepair(checked, cni, "report")));
}

function cniProblems(cniPods: PodSubject["cniPods"]): string[] {
  if (cniPods?.is !== "found") return [];
  if (cniPods.value.length === 0) return ["no pod of the CNI is on its node"];
  const names = cniPods.value.map(({ name }) => name).join(", ");
  return cniPods.value.some(({ ready }) => ready)
    ? []
    : [`the CNI is not ready on its node (${names})`];
}

function taintProblems(node: PodSubject["node"]): string[] {
  const view = node?.is === "found" ? viewNode(node.value) : undefined;
  if (view === undefined || !isTainted(view)) return [];
  return [
    `its node ${view.name} has the taint ${TAINT_KEY}: new pods wait until the CNI is ready there`,
  ];
}
