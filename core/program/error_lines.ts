/**
 * What a failed command ends with.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";

const RED = "\x1b[31m", PLAIN = "\x1b[0m";

/**
 * `Error: text [CODE]`, and where the error has a hint, `Hint: what to do` on the next line; ends with a line
 * end. The code is what `kumactl explain` takes.
 */
export function errorLines(thrown: unknown, { colour }: { readonly colour: boolean }): string {
  const head = colour ? `${RED}Error:${PLAIN}` : "Error:";
  if (!(thrown instanceof KumaError)) return `${head} ${errorText(thrown)}\n`;
  const hint = thrown.hint === undefined ? "" : `Hint: ${thrown.hint}\n`;
  return `${head} ${thrown.message} [${thrown.code}]\n${hint}`;
}
