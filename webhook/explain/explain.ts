/**
 * What would become of a pod and why, for a person.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { Json } from "core/patch/json.ts";
import { stringify } from "yaml";
import type { InjectionContext } from "../inject/context.ts";
import { injectPod } from "../inject/inject.ts";
import type { Decision } from "../inject/inputs.ts";
import { viewPod } from "../inject/pod.ts";
import { lineDiff } from "./line_diff.ts";

/** The explanation as text: verdict, what decided each option, warnings, and the difference. */
export async function explainPod(
  object: Json,
  namespace: string,
  context: InjectionContext,
): Promise<string> {
  try {
    const pod = viewPod(object, namespace);
    const injection = await injectPod(pod, context);
    const who = `Pod ${pod.namespace}/${pod.name}`;
    if (!injection.injected) return `${who} would not be injected: ${injection.reason}\n`;
    const diff = lineDiff(stringify(object), stringify(injection.pod));
    return [
      `${who} would be injected: ${injection.reason}`,
      "",
      ...table(injection.decisions),
      ...injection.warnings.map((warning) => `warning: ${warning}`),
      "",
      diff,
    ].join("\n");
  } catch (thrown) {
    if (!(thrown instanceof KumaError)) throw thrown;
    return `The pod would be denied: ${thrown.line} (${thrown.code})\n`;
  }
}

function table(decisions: readonly Decision[]): string[] {
  const width = (pick: (one: Decision) => string) =>
    Math.min(40, Math.max(...decisions.map((one) => pick(one).length)));
  const option = width((one) => one.option);
  const value = width((one) => one.value);
  return decisions.map((one) =>
    `${one.option.padEnd(option)}  ${one.value.padEnd(value)}  ${one.source}`
  );
}
