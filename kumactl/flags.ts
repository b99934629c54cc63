/**
 * Flags of commands, made from the one table of settings.
 *
 * @module
 */
import { type FlagDefinition, lazyFlags } from "core/program/command.ts";
import { defaultOf, type ProxySetting, SETTINGS } from "core/proxy/options.ts";
import { ENV_PREFIX } from "core/proxy/setting.ts";
import { KINDS } from "core/proxy/kinds.ts";

/** The flags that write settings, in the table's order; hidden ones are marked. */
export const settingFlags: () => readonly FlagDefinition[] = lazyFlags(() => {
  const flags: FlagDefinition[] = [];
  for (const setting of SETTINGS) {
    const { flag, hiddenFlags = [], env } = setting;
    if (flag !== undefined) flags.push(new SettingFlag(setting, flag, env));
    for (const hidden of hiddenFlags) flags.push(new SettingFlag(setting, hidden, env));
  }
  return flags;
});

/** The flag of one setting, by its key. */
export function flagOf(key: string): FlagDefinition {
  const setting = SETTINGS.find((candidate) => candidate.key === key);
  if (setting?.flag === undefined) throw new TypeError(`no flag writes the setting "${key}"`);
  // Commands that have single flags read no variables.
  return new SettingFlag(setting, setting.flag, undefined);
}

/** All of them are made whenever a command line is read; only help and completion ask for more than the names. */
class SettingFlag implements FlagDefinition {
  readonly bool: boolean;

  constructor(
    readonly setting: ProxySetting,
    readonly name: string,
    /** The variable that says the same, without its prefix. */
    readonly env: string | undefined,
  ) {
    this.bool = setting.kind === "bool";
  }

  get help(): string {
    return this.setting.help;
  }

  get defaultText(): string {
    return defaultText(this.setting);
  }

  get placeholder(): string | undefined {
    return KINDS[this.setting.kind].placeholder;
  }

  get choices(): readonly string[] | undefined {
    return KINDS[this.setting.kind].choices;
  }

  get hidden(): boolean {
    return this.name !== this.setting.flag;
  }

  get variable(): string | undefined {
    return this.env === undefined ? undefined : `${ENV_PREFIX}${this.env}`;
  }

  get completes(): "user" | undefined {
    return this.setting.key === "kumaDPUser" ? "user" : undefined;
  }

  get path(): boolean {
    return /[pP]ath$/.test(this.setting.key);
  }
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
