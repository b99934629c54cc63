/**
 * The settings of programs that read the control plane's document.
 *
 * @module
 */
import { SETTINGS as INJECTION } from "core/inject/settings/table.ts";
import type { Setting } from "core/settings/setting.ts";
import { SETTINGS as CONTROL } from "../../controller/settings/table.ts";

/** A line of any of these tables. */
export type AnySetting = Pick<Setting<unknown>, "key" | "env" | "initial">;

const TABLES: Readonly<Record<string, Readonly<Record<string, AnySetting>>>> = {
  "kuma-webhook": INJECTION,
  "kuma-controller": CONTROL,
};

/** The settings of a program, in the order of their keys; undefined where it has none. */
export function settingsOf(program: string): AnySetting[] | undefined {
  const table = TABLES[program];
  if (table === undefined) return undefined;
  return Object.values(table).toSorted((a, b) => a.key < b.key ? -1 : 1);
}
