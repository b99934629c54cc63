/**
 * Settings of a program that has no document: each an environment variable, in a table that the parser and the help
 * read.
 *
 * @module
 */
import { type ErrorCode, errorText, KumaError } from "core/errors.ts";
import type { Kind } from "./kinds.ts";

/** One environment variable. */
export interface Variable<T> {
  readonly kind: Kind<T>;
  /** Its text where it is not set. One that is set and empty is not replaced by it. */
  readonly fallback: string;
  /** One line for the help. */
  readonly says: string;
}

/** A program's variables by name. */
// deno-lint-ignore no-explicit-any -- a table holds variables of many types; `unknown` would refuse them all
export type VariableTable = Readonly<Record<string, Variable<any>>>;

/** The values of a table's variables. */
export type VariableValues<T extends VariableTable> = {
  readonly [K in keyof T]: T[K] extends Variable<infer V> ? V : never;
};

/** What is wrong with a variable, and with which: so that a program can tell one from the others. */
export class VariableError extends KumaError {
  constructor(code: ErrorCode, readonly variable: string, why: string, cause: unknown) {
    super(code, `Cannot use ${variable}: ${why}`, { cause });
  }
}

/** A line of a table, in the order of its columns. */
export function variable<T>(kind: Kind<T>, fallback: string, says: string): Variable<T> {
  return { kind, fallback, says };
}

/**
 * Reads all variables of a table.
 *
 * @throws {VariableError} of that code for the first that is wrong
 */
export function readVariables<T extends VariableTable>(
  table: T,
  environment: Readonly<Record<string, string | undefined>>,
  code: ErrorCode,
): VariableValues<T> {
  const values = Object.entries(table).map(([name, { kind, fallback }]): [string, unknown] => {
    try {
      return [name, kind.text(environment[name] ?? fallback)];
    } catch (cause) {
      throw new VariableError(code, name, errorText(cause), cause);
    }
  });
  return Object.fromEntries(values) as VariableValues<T>;
}

/** The table for people: each name, and below it what it is and its default, in lines of at most `columns`. */
export function variablesHelp(table: VariableTable, columns: number): string {
  return Object.entries(table).map(([name, { fallback, says }]) => {
    const text = `${says}${fallback === "" ? "" : ` (${fallback})`}`;
    const lines = inColumns(text, columns - 6).map((line) => `      ${line}`);
    return `  ${name}\n${lines.join("\n")}`;
  }).join("\n");
}

function inColumns(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
