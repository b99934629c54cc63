/**
 * What would become of a pod and why, for a person.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import type { InjectionContext } from "../context.ts";
import { type Injection, injectPod } from "../inject.ts";
import type { Decision } from "../inputs.ts";
import { type PodView, viewPod } from "../pod.ts";
import { changedFields } from "./fields.ts";
import { patchedFields } from "./patched_fields.ts";
import { optionsOf } from "./rules.ts";
import { wideText } from "./wide_text.ts";

/** What would become of a pod. */
export interface Explanation {
  /** `Pod shop/web`. */
  readonly who: string;
  readonly verdict: "injected" | "left alone" | "denied";
  /** The rule that decided, in words. */
  readonly reason: string;
  /** Of a denial. */
  readonly code?: string;
  readonly warnings: readonly string[];
  readonly options: Injection["decisions"];
  readonly fields: readonly DecidedField[];
  readonly before: Json;
  /** The pod as it would be; absent for one that is denied. */
  readonly pod?: JsonObject;
}

/**
 * Finds out. An empty `namespace` stands for the one that the pod names, else `default`; `what` is what is said of it in
 * place of `Pod`.
 */
export async function explain(
  object: Json,
  namespace: string,
  context: InjectionContext,
  what = "Pod",
): Promise<Explanation> {
  let who = `The ${what === "Pod" ? "pod" : what}`;
  try {
    const pod = viewPod(object, namespace || namespaceOf(object));
    who = what === "Pod"
      ? `Pod ${pod.namespace}/${pod.name}`
      : `A pod of ${what} in namespace ${pod.namespace}`;
    const injection = await injectPod(pod, context);
    const { injected, reason, warnings, decisions: options } = injection;
    return {
      who,
      verdict: injected ? "injected" : "left alone",
      reason,
      warnings,
      options,
      fields: injected ? await decidedFields(pod, injection, context) : [],
      before: object,
      pod: injection.pod,
    };
  } catch (thrown) {
    if (!(thrown instanceof KumaError)) throw thrown;
    return {
      who,
      verdict: "denied",
      reason: thrown.line,
      code: thrown.code,
      warnings: [],
      options: [],
      fields: [],
      before: object,
    };
  }
}

/** The whole explanation of a pod as text, for the webhook's page `/explain`. */
export async function explainPod(
  object: Json,
  namespace: string,
  context: InjectionContext,
): Promise<string> {
  return wideText(await explain(object, namespace, context), []);
}

function namespaceOf(object: Json): string {
  const metadata = isObject(object) && isObject(object.metadata) ? object.metadata : {};
  return typeof metadata.namespace === "string" ? metadata.namespace : "";
}

/** A field of the injected pod that the pod given lacks, and why it is so. */
export interface DecidedField {
  readonly path: string;
  readonly value: string;
  readonly source: string;
}

/** Every field that injection added or changed; a ContainerPatch comes before what it changed. */
export async function decidedFields(
  pod: PodView,
  injection: Injection,
  context: InjectionContext,
): Promise<DecidedField[]> {
  const decisions = new Map(injection.decisions.map((one) => [one.option, one]));
  const patched = await patchedFields(pod, injection, context);
  const fields = changedFields(pod.object, injection.pod).map(({ path, value = "" }) => ({
    path,
    value,
    source: patched.get(path) ?? sourceOf(path, decisions),
  }));
  const known = new Set(fields.map((field) => field.path));
  const removed = [...patched].filter(([path]) => !known.has(path))
    .map(([path, source]) => ({ path, value: "(removed)", source }));
  return [...fields, ...removed];
}

function sourceOf(path: string, decisions: ReadonlyMap<string, Decision>): string {
  const options = optionsOf(path);
  if (options === undefined) return "unknown";
  const found = options.flatMap((option) => decisions.get(option) ?? []);
  // A variable of the pod's own hides the one of the same name that injection has.
  const own = found.find((one) => one.option.startsWith("variable "));
  if (own !== undefined) return own.source;
  if (found.length === 0) return options.find((one) => one.startsWith("="))?.slice(1) ?? "always";
  if (found.length === 1) return found[0]?.source ?? "";
  return found.map((one) => `${one.option}: ${one.source}`).join("; ");
}
