/**
 * How kuma-init of a pod ended, as its status says it.
 *
 * @module
 */
import { CONTAINERS } from "core/kube/annotations.ts";
import { isObject, type JsonObject, objectsIn } from "core/patch/json.ts";
import type { InterceptionPart } from "./document.ts";

/** Whether the rules are in place, and what that rests on. */
export function initEnd({ status }: JsonObject): Pick<InterceptionPart, "works" | "evidence"> {
  const name = CONTAINERS.init;
  const statuses = isObject(status) ? objectsIn(status.initContainerStatuses) : [];
  const { state, lastState } = statuses.find((one) => one.name === name) ?? {};
  const { terminated, waiting, running } = isObject(state) ? state : {};
  const before = isObject(lastState) ? lastState.terminated : undefined;
  for (const end of [terminated, before]) {
    if (!isObject(end)) continue;
    if (end.exitCode === 0) return { works: "yes", evidence: `${name} has put the rules in` };
    const said = typeof end.message === "string" ? `: ${end.message.trim()}` : "";
    const evidence = `${name} ended with exit code ${
      String(end.exitCode)
    }${said} (kubectl logs -c ${name})`;
    return { works: "no", evidence };
  }
  if (isObject(waiting)) {
    return { works: "not yet", evidence: `${name} waits: ${String(waiting.reason)}` };
  }
  if (isObject(running)) return { works: "not yet", evidence: `${name} runs` };
  return { works: "not yet", evidence: `${name} has not run yet` };
}
