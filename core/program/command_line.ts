/**
 * What a command line means, by a program's table of commands.
 *
 * Most lines are plain: the words of a command, then flags of it, each with its value. Those are read here. To load the
 * library that reads any line, and to tell it of every flag, takes a third as long again as a runtime's whole start
 * (measured: 12 ms of 36); so it is asked only for help, for what is wrong, and for what is written in another way.
 *
 * @module
 */
import { normalise } from "core/grammar/arguments.ts";
import { type GivenFlag, ParsedCommand } from "./command.ts";
import type { Io } from "./io.ts";
import type { Program } from "./program.ts";

/** What a command line says is to be done. */
export interface Chosen<Name extends string> {
  readonly name: Name;
  readonly parsed: ParsedCommand;
}

/** The words of a command line by Go's rules, and the command whose flags they were read with. */
export interface NamedWords<Name extends string> {
  /** Undefined where no command is named. */
  readonly name: Name | undefined;
  readonly words: readonly string[];
}

/**
 * What the words mean; undefined where help or the version was asked for and is already printed.
 *
 * @throws {UsageError} for words that mean nothing
 */
export async function parseCommandLine<Name extends string>(
  program: Program<Name>,
  given: readonly string[],
  io: Io,
): Promise<Chosen<Name> | undefined> {
  const named = namedWords(program, given);
  program.screen?.(named.words.filter((word) => !word.startsWith("-")));
  const plain = plainCommand(program, named);
  if (plain !== undefined) return plain;
  const { parseWords } = await import("./command_parser.ts");
  return parseWords(program, named, io);
}

/** Finds the command, and gives each flag its value with `=`. */
export function namedWords<Name extends string>(
  program: Program<Name>,
  given: readonly string[],
): NamedWords<Name> {
  const words = given[0] === "help" ? [...given.slice(1), "--help"] : given;
  const name = (Object.keys(program.commands) as Name[])
    .filter((name) => name.split(" ").every((word) => words.includes(word)))
    .toSorted((a, b) => b.split(" ").length - a.split(" ").length)[0];
  const known = name ?? program.otherwise;
  const flags = known === undefined ? [] : program.commands[known].flags;
  return { name, words: normalise(words, flags, program.ignoredFlags) };
}

/**
 * The command, where the line is plain: exactly its words, then only flags that it has, each with a value, and none
 * missing that it must have. Undefined for any other line, right or wrong.
 */
export function plainCommand<Name extends string>(
  program: Program<Name>,
  { name, words }: NamedWords<Name>,
): Chosen<Name> | undefined {
  if (name === undefined) return undefined;
  const path = name.split(" ");
  if (!path.every((word, i) => words[i] === word)) return undefined;
  const definition = program.commands[name];
  const known = definition.flags;
  const flags: GivenFlag[] = [];
  for (const word of words.slice(path.length)) {
    const equals = word.indexOf("=");
    if (!word.startsWith("--") || equals <= 2) return undefined;
    const flag = word.slice(2, equals), value = word.slice(equals + 1);
    if (!known.some((one) => one.name === flag)) return undefined;
    flags.push({ flag, value });
  }
  const lacking = known.some(({ name, required }) =>
    required === true && !flags.some(({ flag }) => flag === name)
  );
  return lacking ? undefined : { name, parsed: new ParsedCommand(definition, flags, []) };
}
