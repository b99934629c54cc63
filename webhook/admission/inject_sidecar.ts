/**
 * The mutating webhook for Pods.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { jsonDiff } from "core/patch/diff.ts";
import type { InjectionContext } from "core/inject/context.ts";
import { type Injection, injectPod } from "core/inject/inject.ts";
import { type PodView, viewPod } from "core/inject/pod.ts";
import { type AdmissionDecision, type AdmissionRequest, denied } from "./review.ts";

/**
 * Answers one request: a minimal patch, nothing at all, or a denial with the reason. Only a pod that is
 * being created can get containers: whoever has us called for more is answered with nothing.
 */
export async function injectSidecar(
  request: Pick<AdmissionRequest, "object" | "namespace" | "operation">,
  context: InjectionContext,
  log: Logger,
): Promise<AdmissionDecision> {
  if (request.operation !== "CREATE") return { allowed: true };
  let injection: Injection;
  let pod = "";
  try {
    const view = viewPod(request.object, request.namespace);
    pod = `${view.namespace}/${view.name}`;
    injection = await injectSoon(view, context);
  } catch (thrown) {
    if (!(thrown instanceof KumaError)) throw thrown;
    log.warn("pod denied", { pod, code: thrown.code, reason: thrown.line });
    return denied(`${thrown.line} (${thrown.code})`, ...statusOf(thrown));
  }
  log.info(injection.injected ? "pod injected" : "pod left alone", {
    pod,
    reason: injection.reason,
  });
  const patch = injection.injected ? jsonDiff(request.object ?? null, injection.pod) : [];
  return { allowed: true, patch, warnings: injection.warnings };
}

/** Namespace, Mesh, ConfigMap or ContainerPatch not found. */
const MISSING = ["KUMA-WH-003", "KUMA-WH-004", "KUMA-WH-008", "KUMA-WH-011"];

/**
 * Injects with a moment's patience: whoever creates a namespace, labels it and creates a pod there in one
 * go is faster than the news of it. The API server, which asks about labelled ones only, knows already;
 * taken at our word, the pod would be refused, or made without its sidecar.
 */
async function injectSoon(pod: PodView, context: InjectionContext): Promise<Injection> {
  const { cluster, patienceMs = 0 } = context;
  const patient = patienceMs > 0 && cluster.changedSince !== undefined;
  // Made by the first pod that has to wait: hardly any has.
  let late: AbortSignal | undefined;
  for (;;) {
    // What is heard while the pod is being looked at counts as news, too.
    const { changes = 0 } = cluster;
    const isLate = !patient || late?.aborted === true;
    try {
      const injection = await injectPod(pod, context);
      if (isLate || injection.undecided !== true) return injection;
    } catch (thrown) {
      if (isLate || !(thrown instanceof KumaError) || !MISSING.includes(thrown.code)) throw thrown;
    }
    late ??= AbortSignal.timeout(patienceMs);
    await cluster.changedSince?.(changes, late);
  }
}

/** A namespace that is not known may only be too new: worth another try, unlike the rest. */
function statusOf(error: KumaError): [number, string] {
  if (error.code === "KUMA-WH-003") return [503, "ServiceUnavailable"];
  if (error.code === "KUMA-WH-020") return [400, "BadRequest"];
  return [403, "Forbidden"];
}
