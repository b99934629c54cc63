/**
 * From a pod and what is around it to the whole explanation.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { type PodConfiguration, podConfiguration } from "core/interception/pod_configuration.ts";
import { viewPod } from "core/kube/pod.ts";
import { isObject } from "core/patch/json.ts";
import { explainDataplane } from "./dataplane.ts";
import type { InjectionPart, InterceptionPart, PodExplanation, RulesPart } from "./document.ts";
import { explainInterception } from "./interception.ts";
import { explainRules } from "./rules.ts";
import type { PodSubject } from "./subject.ts";

/** What of the explanation depends on where the pod comes from. */
export interface Admission {
  readonly source: PodExplanation["source"];
  readonly part: InjectionPart;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Explains all steps after the admission, and puts them together. */
export async function explained(
  subject: PodSubject,
  admission: Admission,
): Promise<PodExplanation> {
  const { pod } = subject;
  const { namespace, name } = isObject(pod.metadata) ? pod.metadata : {};
  const { phase, podIP } = isObject(pod.status) ? pod.status : {};
  const { nodeName } = isObject(pod.spec) ? pod.spec : {};
  const traffic = await explainTraffic(subject);
  const dataplane = await explainDataplane(subject);
  const text = (key: "phase" | "node" | "address", value: unknown) =>
    typeof value === "string" && value !== "" && admission.source === "cluster"
      ? { [key]: value }
      : {};
  return {
    pod: `${String(namespace)}/${String(name)}`,
    source: admission.source,
    ...text("phase", phase),
    ...text("node", nodeName),
    ...text("address", podIP),
    injection: admission.part,
    interception: traffic.part,
    ...(traffic.rules === undefined ? {} : { rules: traffic.rules }),
    dataplane: dataplane.part,
    problems: [...admission.problems, ...traffic.problems, ...dataplane.problems],
    warnings: [...new Set([...admission.warnings, ...traffic.warnings, ...dataplane.warnings])],
    events: subject.events,
    unread: subject.unread,
    assumed: subject.assumed,
  };
}

interface Traffic {
  readonly part: InterceptionPart;
  readonly rules?: RulesPart;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

async function explainTraffic(subject: PodSubject): Promise<Traffic> {
  const view = viewPod(subject.pod);
  if (view === undefined) throw new KumaError("KUMA-TP-030", "the object is not a pod");
  let configured: PodConfiguration;
  try {
    configured = await podConfiguration(subject.pod);
  } catch (thrown) {
    if (!(thrown instanceof KumaError)) throw thrown;
    return broken(thrown);
  }
  const reason = configured.by === "none" ? configured.reason : "";
  const { part, problems } = explainInterception(view, configured.by, reason, subject);
  if (configured.by === "none" || part.by === "nobody") return { part, problems, warnings: [] };
  const { config, provenance, warnings } = configured;
  const sourceOf = (key: string) => provenance.get(key) ?? "default";
  return { part, rules: explainRules(subject.pod, { config, sourceOf }), problems, warnings };
}

/** The plugin, or kuma-init, ends with this error: the pod does not start. */
function broken(error: KumaError): Traffic {
  const evidence = `${errorText(error)} [${error.code}]`;
  const part: InterceptionPart = {
    by: "nobody",
    reason: "what it says about its traffic cannot be read, so it does not start",
    works: "no",
    evidence,
  };
  return { part, problems: [evidence], warnings: [] };
}
