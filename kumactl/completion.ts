import type { CommandTable, ParsedCommand } from "core/program/command.ts";
import { completionScript } from "core/program/completion.ts";
import type { Io } from "core/program/io.ts";
import { CODES } from "./codes.ts";
import { COMMANDS } from "./commands.ts";

/** `kumactl completion SHELL`: a script for the shell, made from the table of commands. */
export function completionCommand({ words: [shell] }: ParsedCommand, io: Io): Promise<number> {
  io.out(kumactlCompletion(shell ?? ""));
  return Promise.resolve(0);
}

/**
 * The completion script of a shell, with the codes that `explain` takes.
 *
 * @throws {UsageError} for a shell that there is no script for
 */
export function kumactlCompletion(shell: string): string {
  const codes = { name: "code", choices: Object.keys(CODES) };
  const table: CommandTable = { ...COMMANDS, explain: { ...COMMANDS.explain, argument: codes } };
  return completionScript("kumactl", table, shell);
}
