/**
 * Flags of commands, made from the one table of settings.
 *
 * @module
 */
import { type FlagDefinition, lazyFlags } from "core/program/command.ts";
import { defaultOf, type ProxySetting, SETTINGS } from "core/proxy/options.ts";
import { ENV_PREFIX } from "core/proxy/setting.ts";
import { KINDS } from "core/proxy/kinds.ts";
import { flagNames } from "core/proxy/sources.ts";

/** The flags that write settings, in the table's order; hidden ones are marked. */
export const settingFlags: () => readonly FlagDefinition[] = lazyFlags(() =>
  SETTINGS.flatMap((setting) =>
    flagNames(setting).map((name) => settingFlag(setting, name, name !== setting.flag))
  )
);

/** The flag of one setting, by its key. */
export function flagOf(key: string): FlagDefinition {
  const setting = SETTINGS.find((candidate) => candidate.key === key);
  if (setting?.flag === undefined) throw new TypeError(`no flag writes the setting "${key}"`);
  // Commands that have single flags read no variables.
  const { variable: _, ...flag } = settingFlag(setting, setting.flag, false);
  return flag;
}

function settingFlag(setting: ProxySetting, name: string, hidden: boolean): FlagDefinition {
  const bool = setting.kind === "bool";
  const { placeholder, choices } = KINDS[setting.kind];
  return {
    name,
    bool,
    help: setting.help,
    // Only help and completion ask for it.
    get defaultText() {
      return defaultText(setting);
    },
    ...(placeholder === undefined ? {} : { placeholder }),
    ...(hidden ? { hidden } : {}),
    ...(setting.env === undefined ? {} : { variable: `${ENV_PREFIX}${setting.env}` }),
    ...(choices === undefined ? {} : { choices }),
    ...(setting.key === "kumaDPUser" ? { completes: "user" as const } : {}),
    ...(/[pP]ath$/.test(setting.key) ? { path: true } : {}),
  };
}

function defaultText(setting: ProxySetting): string {
  const value = defaultOf(setting);
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return setting.kind === "duration" ? `${value / 1000}s` : value === 0 ? "" : String(value);
    case "boolean":
      return value ? "true" : "";
    default:
      return "";
  }
}
