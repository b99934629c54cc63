/**
 * The mutating webhook for Pods.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { jsonDiff } from "core/patch/diff.ts";
import type { InjectionContext } from "../inject/context.ts";
import { type Injection, injectPod } from "../inject/inject.ts";
import { type PodView, viewPod } from "../inject/pod.ts";
import { type AdmissionRequest, denied, type Verdict } from "./review.ts";

/**
 * Answers one request: a minimal patch, nothing at all, or a denial with the reason. Only a pod that is
 * being created can get containers: whoever has us called for more is answered with nothing.
 */
export async function injectSidecar(
  request: Pick<AdmissionRequest, "object" | "namespace" | "operation">,
  context: InjectionContext,
  log: Logger,
): Promise<Verdict> {
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

const LOOK_AGAIN_MS = 20;
/** Namespace, Mesh, ConfigMap or ContainerPatch not found. */
const MISSING = ["KUMA-WH-003", "KUMA-WH-004", "KUMA-WH-008", "KUMA-WH-011"];

/**
 * Injects with a moment's patience: whoever creates a namespace, labels it and creates a pod there in one
 * go is faster than the news of it. The API server, which asks about labelled ones only, knows already;
 * taken at our word, the pod would be refused, or made without its sidecar.
 */
async function injectSoon(pod: PodView, context: InjectionContext): Promise<Injection> {
  const end = performance.now() + (context.patienceMs ?? 0);
  for (;;) {
    const isLate = performance.now() >= end;
    try {
      const injection = await injectPod(pod, context);
      if (isLate || injection.undecided !== true) return injection;
    } catch (thrown) {
      if (isLate || !(thrown instanceof KumaError) || !MISSING.includes(thrown.code)) throw thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** A namespace that is not known may only be too new: worth another try, unlike the rest. */
function statusOf(error: KumaError): [number, string] {
  if (error.code === "KUMA-WH-003") return [503, "ServiceUnavailable"];
  if (error.code === "KUMA-WH-020") return [400, "BadRequest"];
  return [403, "Forbidden"];
}
