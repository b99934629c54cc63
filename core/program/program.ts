/**
 * A program as data, and its run: the same shell for all of them. A command line is parsed by the table of
 * commands, the command's handler is loaded and run, and whatever fails ends as {@linkcode errorLines} and an
 * exit code.
 *
 * @module
 */
import type { VariableTable } from "core/settings/variables.ts";
import type { CommandTable, Handler } from "./command.ts";
import { parseCommandLine } from "./command_line.ts";
import { guarded } from "./guarded.ts";
import type { Io } from "./io.ts";

/** A program: its commands, and what does them. A command without a handler does not compile. */
export interface Program<Name extends string = string> {
  /** Of its file: `kumactl`. */
  readonly name: string;
  /** One sentence for the head of its help. */
  readonly description: string;
  /** In the order of help. */
  readonly commands: CommandTable<Name>;
  /** Loaded when they run, so that no command pays for another one's imports. */
  readonly handlers: Readonly<Record<Name, () => Promise<Handler>>>;
  /** Runs where no command is named; without it, the help is shown then. */
  readonly otherwise?: Name;
  /** What the exit codes mean, a line each: `0  done`. */
  readonly exitCodes: readonly string[];
  /** The exit code of what was thrown by a command line; 1 unless it says otherwise. */
  readonly exitCode?: (thrown: unknown, words: readonly string[]) => number;
  /** What first words say in help that only group commands: `install`. */
  readonly groups?: Readonly<Record<string, string>>;
  /** Flags that are taken anywhere and have no effect, by whether they take a value. */
  readonly ignoredFlags?: ReadonlyMap<string, boolean>;
  /** Whether words are ignored that no command asks for, as Kuma's kumactl does. They are refused else. */
  readonly ignoresWords?: boolean;
  /** Looks at the words that are no flags before they are parsed; throws for what is to be said about them. */
  readonly screen?: (words: readonly string[]) => void;
  /** The environment variables that it is set by, for its help; where each belongs to a flag, the flag names it. */
  readonly variables?: VariableTable;
}

/** Runs one command line, without the program's own name, and gives the exit code. */
export async function runProgram<Name extends string>(
  program: Program<Name>,
  words: readonly string[],
  io: Io,
): Promise<number> {
  return await guarded(program, io, async () => {
    const chosen = await parseCommandLine(program, words, io);
    if (chosen === undefined) return 0;
    const handler = await program.handlers[chosen.name]();
    return await handler(chosen.parsed, io);
  }, words);
}
