/**
 * The one table of settings: key in the document, environment variables, flag, kind, help. The parser of
 * documents, the command line, help, completion and the documentation all come from it.
 *
 * @module
 */
import { defaultConfig, type TransparentProxyConfig } from "./config.ts";
import { OTHER_SETTINGS } from "./options_other.ts";
import { trafficSettings } from "./options_traffic.ts";
import type { ProxySetting } from "./setting.ts";

export { ENV_PREFIX, type ProxySetting, type ProxySettingKind } from "./setting.ts";

/** Every setting, in the order of help and documentation. */
export const SETTINGS: readonly ProxySetting[] = [
  ...trafficSettings("inbound"),
  ...trafficSettings("outbound"),
  ...OTHER_SETTINGS,
];

// Made when they are asked for first, which a plain run of kumactl never does.
let byKey: ReadonlyMap<string, ProxySetting> | undefined;
let defaults: TransparentProxyConfig | undefined;

/** The setting of a key. Throws a `TypeError` for a key that the table does not have. */
export function settingOf(key: string): ProxySetting {
  byKey ??= new Map(SETTINGS.map((setting) => [setting.key, setting]));
  const setting = byKey.get(key);
  if (setting === undefined) throw new TypeError(`no setting has the key "${key}"`);
  return setting;
}

/** What a configuration has for a setting; undefined for one executable's path that nobody names. */
export function valueOf(config: TransparentProxyConfig, { key }: ProxySetting): unknown {
  return key.split(".").reduce<unknown>(
    (at, name) =>
      typeof at === "object" && at !== null ? (at as Record<string, unknown>)[name] : undefined,
    config,
  );
}

/** The default of a setting, as {@linkcode defaultConfig} has it; undefined for one executable's path. */
export function defaultOf(setting: ProxySetting): unknown {
  return valueOf(defaults ??= defaultConfig(), setting);
}
