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
import { viewPod } from "../inject/pod.ts";
import { type AdmissionRequest, denied, type Verdict } from "./review.ts";

/** Answers one request: a minimal patch, nothing at all, or a denial with the reason. */
export async function injectSidecar(
  request: Pick<AdmissionRequest, "object" | "namespace">,
  context: InjectionContext,
  log: Logger,
): Promise<Verdict> {
  let injection: Injection;
  let pod = "";
  try {
    const view = viewPod(request.object, request.namespace);
    pod = `${view.namespace}/${view.name}`;
    injection = await injectPod(view, context);
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

/** A namespace that is not known may only be too new: worth another try, unlike the rest. */
function statusOf(error: KumaError): [number, string] {
  if (error.code === "KUMA-WH-003") return [503, "ServiceUnavailable"];
  if (error.code === "KUMA-WH-020") return [400, "BadRequest"];
  return [403, "Forbidden"];
}
