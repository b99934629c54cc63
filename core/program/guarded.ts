/**
 * The one place where a failure of a program becomes its last words and its exit code.
 *
 * @module
 */
import { errorLines } from "./error_lines.ts";

/** Runs `work`; what it throws is written as {@linkcode errorLines}, and gives `exitCode` of it, or 1. */
export async function guarded(
  { exitCode }: { readonly exitCode?: (thrown: unknown, words: readonly string[]) => number },
  io: { err(text: string): void; readonly colour: boolean },
  work: () => Promise<number> | number,
  words: readonly string[] = [],
): Promise<number> {
  try {
    return await work();
  } catch (thrown) {
    io.err(errorLines(thrown, io));
    return exitCode?.(thrown, words) ?? 1;
  }
}
