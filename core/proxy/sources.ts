/**
 * Merges the sources of the configuration: defaults, document, environment, command line, each over the
 * one before. Every setting remembers which source decided it.
 *
 * `core/settings/load.ts` does the like for the control plane's settings, and reads values by the same `Kind`. They stay
 * two, since Kuma 2.9 has two: there a document is all sections of a control plane, of which a program knows some, an
 * empty variable is none for most kinds, and the result is flat. Here a document is the program's own, so that an
 * unknown key is told with its line and the nearest name; it may be one pod's annotation over an operator's; each
 * setting has up to two variables, of which an empty one counts, and flags, of which some are repeated; and the result is
 * the nested configuration that is written back as a document. A common function would ask at each step for whom it works.
 *
 * @module
 */
import { defaultConfig, type TransparentProxyConfig } from "./config.ts";
import type { ParsedDocument } from "./document.ts";
import { prefixed, shown } from "core/grammar/echo.ts";
import { parseText } from "core/grammar/names.ts";
import { KINDS, putSetting, type SettingValue, withSetting } from "./kinds.ts";
import { ENV_PREFIX, type ProxySetting, SETTINGS } from "./options.ts";

/** Where a setting's value comes from, in words: the document, `KUMA_…`, or `--flag`. */
export type Provenance = ReadonlyMap<string, string>;

/** A configuration and, by key, the source of every setting that is not a default. */
export interface MergedConfig {
  readonly config: TransparentProxyConfig;
  readonly provenance: Provenance;
}

/** One flag of the command line with the text of its value, in the order given. */
export interface FlagValue {
  /** Without the dashes. */
  readonly flag: string;
  readonly value: string;
}

/** Variables of the environment, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Every name of a variable that {@linkcode mergeSources} looks at. */
export const ENVIRONMENT_NAMES: readonly string[] = namesOfAll();

/** Name by name, without a list for each setting: each run makes them. */
function namesOfAll(): string[] {
  const names: string[] = [], bare = new Set<string>();
  for (const { env, bareEnv } of SETTINGS) {
    if (env !== undefined) names.push(ENV_PREFIX + env);
    if (bareEnv !== undefined) bare.add(bareEnv);
  }
  return [...names, ...bare];
}

/** The flags of a setting, hidden ones last. */
export function flagNames(setting: ProxySetting): string[] {
  const hidden = setting.hiddenFlags ?? [];
  return setting.flag === undefined ? [...hidden] : [setting.flag, ...hidden];
}

/** The variables of a setting: the prefixed one first, which wins over the other. */
export function environmentNames(setting: ProxySetting): string[] {
  const prefixedNames = setting.env === undefined ? [] : [ENV_PREFIX + setting.env];
  return setting.bareEnv === undefined ? prefixedNames : [...prefixedNames, setting.bareEnv];
}

/** The setting that a flag writes, undefined for a flag that writes none. */
export function settingOfFlag(flag: string): ProxySetting | undefined {
  // A command line has a few flags: a table of all takes longer to make.
  return SETTINGS.find((setting) =>
    setting.flag === flag || setting.hiddenFlags?.includes(flag) === true
  );
}

/**
 * Merges defaults < document < environment. A variable that is set but empty counts.
 *
 * @throws KumaError that names the variable with a bad value.
 */
export function mergeSources(
  document: { readonly name: string; readonly parsed: ParsedDocument } | undefined,
  environment: Environment,
): MergedConfig {
  const config = defaultConfig();
  const provenance = new Map<string, string>();
  for (const { setting, value } of document?.parsed.patch ?? []) {
    putSetting(config, setting, value);
    provenance.set(setting.key, document?.name ?? "");
  }
  for (const setting of SETTINGS) {
    const name = environmentNames(setting).find((candidate) =>
      environment[candidate] !== undefined
    );
    if (name === undefined) continue;
    const value = readEnvironment(setting, name, environment[name] ?? "");
    putSetting(config, setting, value);
    provenance.set(setting.key, name);
  }
  return { config, provenance };
}

function readEnvironment(setting: ProxySetting, name: string, text: string): SettingValue {
  try {
    return KINDS[setting.kind].text(text);
  } catch (thrown) {
    throw prefixed(`environment variable ${name}: `, thrown);
  }
}

/**
 * Puts the flags of a command line over a merged configuration. A list replaces the list below it; of a
 * repeatable flag each occurrence adds one element; of any other flag the last one counts. Flags that
 * write no setting are left to the caller. What no flag writes is shared with `merged`.
 *
 * @throws KumaError `invalid argument "X" for "--flag" flag: REASON` for a bad value.
 */
export function applyFlags(merged: MergedConfig, flags: readonly FlagValue[]): MergedConfig {
  let { config } = merged;
  const provenance = new Map(merged.provenance);
  const lists = new Map<string, string[]>();
  for (const { flag, value } of flags) {
    const setting = settingOfFlag(flag);
    if (setting === undefined) continue;
    const read = readFlag(setting, flag, value);
    if (setting.kind === "texts") {
      const list = [...lists.get(setting.key) ?? [], String(read)];
      lists.set(setting.key, list);
      config = withSetting(config, setting, list);
    } else config = withSetting(config, setting, read);
    provenance.set(setting.key, `--${flag}`);
  }
  return { config, provenance };
}

/** Reads the value of one flag; see {@linkcode applyFlags}. */
function readFlag(setting: ProxySetting, flag: string, value: string): SettingValue {
  try {
    return setting.kind === "texts" ? parseText(value) : KINDS[setting.kind].text(value);
  } catch (thrown) {
    throw prefixed(`invalid argument "${shown(value)}" for "--${flag}" flag: `, thrown);
  }
}

/** What the command line does after merging: capturing all DNS means redirecting DNS. */
export function impliedByCaptureAll(config: TransparentProxyConfig): TransparentProxyConfig {
  if (!config.redirect.dns.captureAll || config.redirect.dns.enabled) return config;
  const { redirect } = config;
  return { ...config, redirect: { ...redirect, dns: { ...redirect.dns, enabled: true } } };
}
