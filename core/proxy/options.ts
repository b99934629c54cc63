/**
 * The one table of settings: key in the document, environment variables, flag, kind, help. The parser of
 * documents, the command line, help, completion and the documentation all come from it.
 *
 * @module
 */
import { defaultConfig } from "./config.ts";
import { OTHER_SETTINGS } from "./options_other.ts";
import { trafficSettings } from "./options_traffic.ts";
import type { ProxySetting } from "./setting.ts";

export { ENV_PREFIX, type ProxySetting, type ProxySettingKind } from "./setting.ts";

/** Every setting, in the order of help and documentation. */
export const SETTINGS: readonly ProxySetting[] = [
  ...trafficSettings("inbound"),
  ...trafficSettings("outbound"),
  ...OTHER_SETTINGS.map((setting): ProxySetting => ({ inDocument: true, ...setting })),
];

/** The default of a setting, as {@linkcode defaultConfig} has it; undefined for one executable's path. */
export function defaultOf(setting: ProxySetting): unknown {
  return setting.key.split(".").reduce<unknown>(
    (at, name) =>
      typeof at === "object" && at !== null ? (at as Record<string, unknown>)[name] : undefined,
    defaultConfig(),
  );
}
