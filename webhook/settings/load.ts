/**
 * Reads the settings: the control plane's YAML document, the environment over it, defaults below both.
 *
 * @module
 */
import { parse } from "yaml";
import { errorText, KumaError } from "core/errors.ts";
import { isObject, type Json } from "core/patch/json.ts";
import { type Setting, type SettingName, SETTINGS, type Settings } from "./table.ts";

/** The settings, where each value comes from, and what a person should know. */
export interface LoadedSettings {
  readonly settings: Settings;
  /** `default`, the variable's name, or `FILE: key`. */
  readonly origins: Readonly<Record<SettingName, string>>;
  readonly warnings: readonly string[];
}

/** The document to read: its text and how errors call it. */
export interface SettingsDocument {
  readonly name: string;
  readonly text: string;
}

/** Settings that Kuma knows below the injector and that mean nothing to injection. */
const KNOWN_ELSEWHERE = [
  "sidecarContainer.adminPort",
  "ignoredServiceSelectorLabels",
  "nodeLabelsToCopy",
].map((key) => `runtime.kubernetes.injector.${key}`);

/**
 * Merges the sources. Unknown keys are left to the control plane; below `runtime.kubernetes.injector`
 * they are warned about. Throws `KUMA-WH-001` naming the key or variable.
 */
export function loadSettings(
  document: SettingsDocument | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): LoadedSettings {
  const tree = document === undefined ? {} : parseYaml(document);
  const values: [string, unknown][] = [];
  const origins: [string, string][] = [];
  for (const [name, setting] of Object.entries(SETTINGS) as [string, Setting<unknown>][]) {
    const [value, origin] = read(setting, document?.name ?? "", tree, environment);
    values.push([name, value]);
    origins.push([name, origin]);
  }
  return {
    settings: Object.fromEntries(values) as unknown as Settings,
    origins: Object.fromEntries(origins) as Record<SettingName, string>,
    warnings: unknownKeys(tree),
  };
}

function read(
  setting: Setting<unknown>,
  file: string,
  tree: Json,
  environment: Readonly<Record<string, string | undefined>>,
): [unknown, string] {
  const text = environment[setting.env];
  if (text !== undefined && (text !== "" || setting.kind.emptyIsValue)) {
    return [wrapped(setting.env, () => setting.kind.text(text)), setting.env];
  }
  const value = lookUp(tree, setting.key);
  if (value === undefined) return [setting.initial, "default"];
  const origin = `${file}: ${setting.key}`;
  return [wrapped(origin, () => setting.kind.yaml(value)), origin];
}

function wrapped<T>(origin: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new KumaError("KUMA-WH-001", `${origin}: ${errorText(cause)}`, { cause });
  }
}

/** Walks a dotted path; keys that hold dots themselves (labels) are only below `exceptions.labels`. */
function lookUp(tree: Json, key: string): Json | undefined {
  let at: Json | undefined = tree;
  for (const name of key.split(".")) {
    if (!isObject(at) || !Object.hasOwn(at, name)) return undefined;
    at = at[name];
  }
  return at;
}

function parseYaml(document: SettingsDocument): Json {
  let tree: Json | undefined;
  try {
    tree = parse(document.text) as Json | undefined;
  } catch (cause) {
    throw new KumaError("KUMA-WH-001", `${document.name}: ${errorText(cause)}`, { cause });
  }
  if (tree === undefined || tree === null) return {};
  if (!isObject(tree)) {
    throw new KumaError("KUMA-WH-001", `${document.name}: the document must be a map of settings`);
  }
  return tree;
}

function unknownKeys(tree: Json): string[] {
  const known = [...Object.values(SETTINGS).map((setting) => setting.key), ...KNOWN_ELSEWHERE];
  const unknown: string[] = [];
  const walk = (value: Json | undefined, path: string) => {
    if (known.includes(path)) return;
    if (!isObject(value) || !known.some((key) => key.startsWith(`${path}.`))) {
      unknown.push(path);
      return;
    }
    for (const [key, member] of Object.entries(value)) walk(member, `${path}.${key}`);
  };
  const root = "runtime.kubernetes.injector";
  const injector = lookUp(tree, root);
  if (isObject(injector)) walk(injector, root);
  return unknown.map((path) => `${path} is not a setting of the webhook and has no effect`);
}
