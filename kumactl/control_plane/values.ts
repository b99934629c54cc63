/**
 * The values of a command line: environment, flags, files and `--set`, checked.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";
import { parseBool } from "core/grammar/switches.ts";
import { ENVIRONMENTS } from "core/manifests/environments.ts";
import { checkValues } from "core/manifests/values/check.ts";
import { commaFields, parseMapFlag } from "core/manifests/values/map_flag.ts";
import { checkTogether } from "core/manifests/values/rules.ts";
import { mergeSources } from "core/manifests/values/sources.ts";
import { defaultValues, mergeValues } from "core/manifests/values/table.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { nearest } from "core/proxy/nearest.ts";
import { parse } from "core/proxy/yaml_library.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { valueFlags } from "./flags.ts";

/** A values file's limit: as much as a ConfigMap holds. */
const MAX_FILE = 1_000_000;

/** What a command line asks for. */
export interface AskedFor {
  readonly namespace: string;
  readonly besideKuma: boolean;
  /** Complete: defaults and what was said. */
  readonly values: JsonObject;
  /** For the person who asked; not for the objects. */
  readonly remarks: readonly string[];
}

/** Asks the cluster which environment it is: its name, and by what it was told. */
export type Recognise = () => Promise<{ readonly name: string; readonly because: string }>;

/**
 * Reads all sources.
 *
 * @throws {KumaError} `KUMA-CP-…` naming the flag, file or value
 */
export async function readValues(
  parsed: ParsedCommand,
  io: Io,
  recognise: Recognise,
): Promise<AskedFor> {
  const [stray] = parsed.words;
  if (stray !== undefined) {
    throw new KumaError("KUMA-CP-003", `Cannot use the argument "${shown(stray)}"`, {
      hint: "a switch takes its value with =, such as --cni-enabled=false",
    });
  }
  const flag = (name: string) => parsed.flags.findLast((one) => one.flag === name)?.value;
  const all = (name: string) =>
    parsed.flags.filter((one) => one.flag === name).map(({ value }) => value);
  const environment = await environmentOf(flag("environment"), parsed, recognise);
  const paths = all("values").flatMap((argument) => commaFields("values", argument));
  const files = [];
  for (const path of paths) files.push({ name: path, tree: await readFile(path, io) });
  const tree = mergeSources({
    environment: environment.values,
    flags: valuesOfFlags(parsed),
    files,
    sets: all("set"),
  });
  const checked = checkValues(tree);
  const values = mergeValues(defaultValues(), checked.values);
  const warnings = [...checked.warnings, ...checkTogether(values)];
  return {
    namespace: namespaceOf(flag("namespace")),
    besideKuma: switchOf("beside-kuma", flag("beside-kuma")),
    values,
    remarks: [...environment.remarks, ...warnings.map((text) => `warning: ${text}`)],
  };
}

/** The value of a switch. Throws `KUMA-CP-003`. */
export function switchOf(name: string, value = "false"): boolean {
  try {
    return parseBool(value);
  } catch (cause) {
    throw new KumaError("KUMA-CP-003", `--${name}: "${shown(value)}" is not true or false`, {
      cause,
    });
  }
}

function namespaceOf(name = "kuma-system"): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return name;
  throw new KumaError("KUMA-CP-003", `--namespace: "${shown(name)}" is no namespace's name`);
}

function valuesOfFlags({ flags }: ParsedCommand): JsonObject {
  const tree: JsonObject = {};
  for (const { flag: name, value } of flags) {
    const definition = valueFlags().find((one) => one.name === name);
    if (definition === undefined) continue;
    for (const path of definition.paths) {
      const keys = path.split(".");
      if (definition.kind === "map") {
        for (const [key, member] of parseMapFlag(name, value)) put(tree, [...keys, key], member);
      } else put(tree, keys, definition.kind === "bool" ? switchOf(name, value) : value);
    }
  }
  return tree;
}

function put(tree: JsonObject, keys: readonly string[], value: Json): void {
  let at = tree;
  for (const key of keys.slice(0, -1)) at = (at[key] ??= {}) as JsonObject;
  at[keys.at(-1) ?? ""] = value;
}

async function environmentOf(
  name: string | undefined,
  { flags }: ParsedCommand,
  recognise: Recognise,
): Promise<{ values: JsonObject; remarks: string[] }> {
  if (name === undefined) return { values: {}, remarks: [] };
  let chosen = name;
  const remarks: string[] = [];
  if (name === "auto") {
    const offline = flags.findLast(({ flag }) => flag === "without-kubernetes-connection")?.value;
    if (switchOf("without-kubernetes-connection", offline)) {
      throw new KumaError(
        "KUMA-CP-008",
        "--environment auto asks the cluster, --without-kubernetes-connection forbids it",
      );
    }
    const found = await recognise();
    chosen = found.name;
    remarks.push(
      `found: ${found.name} (${found.because}); --environment ${found.name} says so by hand`,
    );
  }
  const environment = Object.hasOwn(ENVIRONMENTS, chosen) ? ENVIRONMENTS[chosen] : undefined;
  if (environment === undefined) {
    const guess = nearest(chosen, Object.keys(ENVIRONMENTS), 0.5);
    throw new KumaError("KUMA-CP-006", `There is no environment "${shown(chosen)}"`, {
      hint: guess === undefined
        ? `there is ${Object.keys(ENVIRONMENTS).join(", ")}`
        : `did you mean ${guess}?`,
    });
  }
  return {
    values: environment.values,
    remarks: [...remarks, ...environment.notes.map((note) => `to do: ${note}`)],
  };
}

async function readFile(path: string, io: Io): Promise<JsonObject> {
  const name = path === "-" ? "standard input" : path;
  let tree: unknown;
  try {
    const bytes = await io.read(path, MAX_FILE);
    if (bytes.length > MAX_FILE) throw new Error(`it has more than ${MAX_FILE} bytes`);
    tree = parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new KumaError("KUMA-CP-005", `${name}: ${errorText(cause)}`, { cause });
  }
  if (tree === null || tree === undefined) return {};
  if (isObject(tree as Json)) return tree as JsonObject;
  throw new KumaError("KUMA-CP-005", `${name}: it is not a map of values`);
}
