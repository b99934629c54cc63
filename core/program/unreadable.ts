/**
 * What is said where an attached program (`attached.ts`) cannot read its own file.
 *
 * @module
 */
import type { ErrorCode } from "core/errors.ts";

const CODE: ErrorCode = "KUMA-HOST-022";

/** One line, without `Error:`; `what` could not be done: `cannot start the program`. */
export function unreadable(what: string, error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return `${what} in ${Deno.execPath()}: ${why} [${CODE}]`;
}
