/**
 * The parts of help that the library does not make, within the width that there is.
 *
 * @module
 */
import type { CommandDefinition } from "./command.ts";

/** The part of commander's `Help` that {@linkcode formatItem} uses. */
interface Wrapper {
  readonly helpWidth?: number | undefined;
  boxWrap(text: string, width: number): string;
}

/** Share of the width that names of flags and commands get at most. */
const NAMES = 0.42;

/** What the exit codes mean; part of every help. Ends with a line end. */
export function exitCodes({ exitCodes }: { readonly exitCodes: readonly string[] }): string {
  return ["Exit codes:", ...exitCodes.map((line) => `  ${line}`), ""].join("\n");
}

/** The examples and exit codes that end the help of a command, in lines of at most `columns`. */
export function helpTail(
  program: { readonly exitCodes: readonly string[] },
  { examples }: CommandDefinition,
  columns: number,
): string {
  if (examples.length === 0) return exitCodes(program);
  const shown = examples.map(({ does, command }) =>
    `  # ${does}\n  ${inLines(command, columns - 2)}\n`
  );
  return `Examples:\n${shown.join("\n")}\n${exitCodes(program)}`;
}

/** A command as a shell takes it, in lines of at most `width`: broken before flags and pipes. */
export function inLines(command: string, width: number): string {
  const lines: string[] = [];
  for (const part of command.split(/ (?=--|\| |> )/)) {
    const last = lines.at(-1);
    // Two more for the backslash of a line that goes on, and for its blank.
    if (last === undefined || last.length + part.length + 3 > width) {
      lines.push(last === undefined ? part : `  ${part}`);
    } else lines[lines.length - 1] = `${last} ${part}`;
  }
  return lines.join(" \\\n  ");
}

/** A line of a list in help: the term, and what it means beside it, or below where the term is too long. */
export function formatItem(
  this: Wrapper,
  term: string,
  longest: number,
  description: string,
): string {
  const columns = this.helpWidth ?? 80;
  const width = Math.min(longest, Math.floor(columns * NAMES));
  const indent = " ".repeat(width + 4);
  const text = this.boxWrap(description, columns - width - 4).replaceAll("\n", `\n${indent}`);
  const head = `  ${term.padEnd(width)}`;
  if (text === "") return head.trimEnd();
  return term.length > width ? `${head}\n${indent}${text}` : `${head}  ${text}`;
}
