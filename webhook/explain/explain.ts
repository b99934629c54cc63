/**
 * What would become of a pod and why, for a person.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { stringify } from "yaml";
import type { InjectionContext } from "../inject/context.ts";
import { type Injection, injectPod } from "../inject/inject.ts";
import type { Decision } from "../inject/inputs.ts";
import { type PodView, viewPod } from "../inject/pod.ts";
import { changedFields } from "./fields.ts";
import { lineDiff } from "./line_diff.ts";
import { patchedFields } from "./patched_fields.ts";
import { optionsOf } from "./rules.ts";

/**
 * The explanation as text: verdict, what decided each option and field, warnings, the difference. An
 * empty `namespace` stands for the one that the pod names, else `default`. `assumptions` tells, afterwards,
 * what the verdict rests on that nobody was asked about.
 */
export async function explainPod(
  object: Json,
  namespace: string,
  context: InjectionContext,
  assumptions: () => readonly string[] = () => [],
): Promise<string> {
  const assumed = () => assumptions().map((one) => `assumed: ${one}`);
  let who = "The pod";
  try {
    const pod = viewPod(object, namespace || namespaceOf(object));
    who = `Pod ${pod.namespace}/${pod.name}`;
    const injection = await injectPod(pod, context);
    const warnings = injection.warnings.map((warning) => `warning: ${warning}`);
    if (!injection.injected) {
      return lines(`${who} would not be injected: ${injection.reason}`, ...assumed(), ...warnings);
    }
    const fields = await decidedFields(pod, injection, context);
    return [
      `${who} would be injected: ${injection.reason}`,
      ...assumed(),
      "",
      "Options, and what decided each:",
      ...table(injection.decisions.map(({ option, value, source }) => [option, value, source])),
      "",
      "Fields, and what decided each:",
      ...table(fields.map(({ path, value, source }) => [path, value, source])),
      "",
      ...warnings,
      "The difference:",
      lineDiff(yaml(object), yaml(injection.pod)),
    ].join("\n");
  } catch (thrown) {
    if (!(thrown instanceof KumaError)) throw thrown;
    return lines(`${who} would be denied: ${thrown.line} (${thrown.code})`, ...assumed());
  }
}

function namespaceOf(object: Json): string {
  const metadata = isObject(object) && isObject(object.metadata) ? object.metadata : {};
  return typeof metadata.namespace === "string" ? metadata.namespace : "";
}

function lines(...all: string[]): string {
  return all.map((line) => `${line}\n`).join("");
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

const MAX_COLUMN = 80;

function table(rows: readonly (readonly [string, string, string])[]): string[] {
  const width = (column: 0 | 1) =>
    Math.min(MAX_COLUMN, Math.max(0, ...rows.map((row) => row[column].length)));
  const [first, second] = [width(0), width(1)];
  return rows.map(([name, value, source]) =>
    `  ${name.padEnd(first)}  ${value.padEnd(second)}  ${source}`
  );
}

/** Containers may share parts with each other; a person wants each of them written out. */
function yaml(object: Json | JsonObject): string {
  return stringify(object, { aliasDuplicateObjects: false });
}
