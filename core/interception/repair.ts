/**
 * What is done about a pod that started without interception.
 *
 * @module
 */
import type { CniPodView } from "./cni_pod.ts";
import type { CheckedPod } from "./checked_pod.ts";

/** Why a pod has no interception, as far as the times of its node tell. */
export type Cause =
  /** Its network was set up before the CNI was ready there: a new pod is intercepted. */
  | "before-cni"
  /** The CNI is not ready there: a new pod would fare the same. */
  | "without-cni"
  /** The CNI was ready before: a new pod would most likely fare the same, and the plugin's log says why. */
  | "despite-cni"
  /** Nobody said which pods are the CNI, or since when they are ready. */
  | "unknown";

/** What to do beside telling of it. */
export type RepairStep = "label" | "unlabel" | "delete" | "none";

/** The outcome; `cause` is absent for a pod that has, or may yet have, its interception. */
export interface RepairDecision {
  readonly cause?: Cause;
  readonly step: RepairStep;
}

/** What may be done, as the settings say it. */
export type RepairAction = "report" | "label" | "delete";

/**
 * Decides. Only a pod whose own check has failed is touched, and it is deleted only where a new one is better
 * off and somebody makes it: so no pod is deleted twice for one cause. It has never run a container of its
 * application, since those start after the check. Pure.
 *
 * @param cni the CNI's pods on its node; undefined where nobody said which these are
 */
export function decideRepair(
  pod: CheckedPod,
  cni: readonly CniPodView[] | undefined,
  action: RepairAction,
): RepairDecision {
  if (pod.over) return { step: "none" };
  if (pod.check !== "failed") {
    const healed = action === "label" && pod.labelled && pod.check === "passed";
    return { step: healed ? "unlabel" : "none" };
  }
  const cause = causeOf(pod, cni);
  if (action === "label" && !pod.labelled) return { cause, step: "label" };
  const helps = cause === "before-cni" && pod.replaceable;
  return { cause, step: action === "delete" && helps ? "delete" : "none" };
}

/** Both times are of the kubelet of one node, in whole seconds; in the same second the CNI came later. */
function causeOf({ networkSince }: CheckedPod, cni: readonly CniPodView[] | undefined): Cause {
  if (cni === undefined) return "unknown";
  const ready = cni.filter(({ ready }) => ready);
  if (ready.length === 0) return "without-cni";
  // Of several, as in the middle of an upgrade, the one that was there first counts.
  const since = Math.min(...ready.map(({ readySince = NaN }) => readySince));
  if (networkSince === undefined || Number.isNaN(since)) return "unknown";
  return networkSince <= since ? "before-cni" : "despite-cni";
}

/** What people read of it, in the pod's Event. */
export function repairMessage(pod: CheckedPod, { cause, step }: RepairDecision): string {
  const found = `kuma-validation found no interception on node ${pod.node}`;
  switch (cause) {
    case "before-cni": {
      const why = `${found}: the pod started before the CNI was ready there`;
      if (step === "delete") return why;
      return `${why}. Delete it` +
        (pod.replaceable ? ", so that its controller makes a new one" : " and create it anew");
    }
    case "without-cni":
      return `${found}: no pod of the CNI is ready there`;
    case "despite-cni":
      return `${found}, although the CNI was ready before: see the log of its pod on that node`;
    default:
      return found;
  }
}
