/**
 * What the tasks of the root `deno.json` have in common.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { errorText, KumaError } from "core/errors.ts";
import { say } from "./io.ts";

/** Absolute path of the checkout, without a slash at the end. */
export const ROOT: string = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** Runs a task; a failure that a person can act on becomes one line on stderr and exit code 1. */
export async function exitOnError(task: () => Promise<unknown>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!(error instanceof KumaError)) throw error;
    say(`error ${error.code}: ${errorText(error)}`);
    Deno.exit(1);
  }
}
