import { KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";
import type { FlagValue } from "core/proxy/sources.ts";

/**
 * The format of `--output`, the first of `formats` where it is not given.
 *
 * @throws KumaError `KUMA-TP-041` for a format that the command does not have.
 */
export function outputFormat<T extends string>(
  flags: readonly FlagValue[],
  formats: readonly [T, ...T[]],
): T {
  const given = flags.findLast(({ flag }) => flag === "output")?.value;
  if (given === undefined) return formats[0];
  const known = formats.find((format) => format === given);
  if (known !== undefined) return known;
  throw new KumaError("KUMA-TP-041", `--output: there is no format '${shown(given)}'`, {
    hint: `use ${formats.join(", ")}`,
  });
}
