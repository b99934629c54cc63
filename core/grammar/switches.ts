import { refused, shown } from "./echo.ts";

const GO_TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const GO_FALSE: ReadonlySet<string> = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/** What Go's `strconv.ParseBool` makes of a text; undefined where that refuses it. */
export function goBool(text: string): boolean | undefined {
  return GO_TRUE.has(text) ? true : GO_FALSE.has(text) ? false : undefined;
}

/**
 * Reads a bool as Go's `strconv.ParseBool` does, for flags and environment variables.
 *
 * @throws KumaError `KUMA-TP-008` for anything else, the empty string included.
 */
export function parseBool(text: string): boolean {
  const value = goBool(text);
  if (value !== undefined) return value;
  throw refused("KUMA-TP-008", `value '${shown(text)}' is not a valid bool (true or false)`);
}

/**
 * Reads the switch of an annotation, in any case and with blanks around it: `enabled`, `true`, `yes` or
 * `disabled`, `false`, `no`. The CNI plugin of Kuma 2.9 does not know `yes` and `no` though its injector
 * does, so that such a pod was injected and then could not start.
 *
 * @throws KumaError `KUMA-TP-008` for anything else.
 */
export function parseSwitch(text: string): boolean {
  switch (text.trim().toLowerCase()) {
    case "enabled":
    case "true":
    case "yes":
      return true;
    case "disabled":
    case "false":
    case "no":
      return false;
    default:
      throw refused(
        "KUMA-TP-008",
        `value '${shown(text)}' is not a valid switch (enabled, true, yes, disabled, false or no)`,
      );
  }
}
