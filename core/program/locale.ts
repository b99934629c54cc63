/**
 * Whether more than ASCII may be written.
 *
 * @module
 */

/** The variables that name the locale of characters, strongest first: locale(7). */
export const LOCALE_VARIABLES = ["LC_ALL", "LC_CTYPE", "LANG"] as const;

/** Whether the locale's characters are UTF-8. Without any of the variables it is C, which has ASCII. */
export function speaksUtf8(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = LOCALE_VARIABLES.map((name) => environment[name] ?? "").find((name) =>
    name !== ""
  );
  return /\.utf-?8(@|$)/i.test(locale ?? "");
}
