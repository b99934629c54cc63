/**
 * Parses any command line by a program's table of commands, says what is wrong with it, and prints help and version
 * where they are asked for. Loaded only for lines that are not plain: see `command_line.ts`.
 *
 * @module
 */
import { Command, CommanderError, Help, Option } from "commander";
import { variablesHelp } from "core/settings/variables.ts";
import { KUMA_VERSION, VERSION } from "core/version.ts";
import {
  type CommandDefinition,
  type FlagDefinition,
  type GivenFlag,
  ParsedCommand,
} from "./command.ts";
import type { Chosen, NamedWords } from "./command_line.ts";
import { exitCodes, formatItem, helpTail } from "./help.ts";
import type { Io } from "./io.ts";
import type { Program } from "./program.ts";
import { UsageError } from "./usage_error.ts";

/**
 * What the words mean; undefined where help or the version was asked for and is already printed.
 *
 * @throws {UsageError} for words that mean nothing
 */
export function parseWords<Name extends string>(
  program: Program<Name>,
  { name, words }: NamedWords<Name>,
  io: Io,
): Chosen<Name> | undefined {
  let chosen: Chosen<Name> | undefined;
  const parser = new Parser(program, words, io, (found) => chosen = found);
  try {
    const help = groupsOnly(program, words) ? ["--help"] : [];
    parser.root.parse([...words, ...help], { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return undefined;
    throw usageError(thrown, [program.name, ...name?.split(" ") ?? []].join(" "));
  }
  return chosen;
}

/** The variables of a program for its own help. */
function variables({ variables }: Program): string {
  if (variables === undefined) return "";
  return `\nEnvironment variables (defaults in brackets):\n${variablesHelp(variables, 80)}\n`;
}

/** Whether the words name no command but only what groups some: it shows its help, as in Go programs. */
function groupsOnly(program: Program, words: readonly string[]): boolean {
  const names = Object.keys(program.commands);
  const [first] = words;
  if (first === undefined) return program.otherwise === undefined;
  return words.length === 1 && !names.includes(first) &&
    names.some((name) => name.startsWith(`${first} `));
}

/** The tree of commands that the library parses with. */
class Parser<Name extends string> {
  readonly root: Command;
  readonly #program: Program<Name>;
  readonly #io: Io;

  /** @param words what is to be read: only commands that they can mean get their flags */
  constructor(
    program: Program<Name>,
    words: readonly string[],
    io: Io,
    choose: (chosen: Chosen<Name>) => void,
  ) {
    this.#program = program;
    this.#io = io;
    this.root = this.#configured(new Command(program.name))
      .description(`${program.description} (behaves as Kuma ${KUMA_VERSION}).`)
      .version(VERSION, "--version", "print the version")
      .enablePositionalOptions()
      .addHelpText("after", () => `\n${exitCodes(program)}${variables(program)}`);
    for (const name of program.ignoredFlags?.keys() ?? []) {
      // A command may have its own flag of this name, so the root's counts only before the command.
      this.root.addOption(new Option(`--${name} [value]`).hideHelp());
    }
    for (const name of Object.keys(program.commands) as Name[]) {
      const command = this.#add(name, program.commands[name]);
      const means = name === program.otherwise ||
        name.split(" ").every((word) => words.includes(word));
      if (means) addFlags(command, program.commands[name], (parsed) => choose({ name, parsed }));
      // The list of commands says which take flags.
      else if (program.commands[name].flags.length > 0) command.addOption(STAND_IN);
    }
  }

  #add(name: Name, definition: CommandDefinition): Command {
    const path = name.split(" ");
    const parent = path.length === 1 ? this.root : this.#group(path[0] ?? "");
    const isDefault = name === this.#program.otherwise;
    const command = this.#configured(parent.command(path.at(-1) ?? "", { isDefault }))
      .summary(definition.summary)
      .description(definition.description ?? definition.summary)
      .allowExcessArguments(this.#program.ignoresWords === true)
      .addHelpText("after", () => `\n${helpTail(this.#program, definition, this.#io.columns)}`);
    if (definition.argument !== undefined) command.argument(`[${definition.argument.name}]`);
    return command;
  }

  #group(name: string): Command {
    const known = this.root.commands.find((command) => command.name() === name);
    const summary = this.#program.groups?.[name] ?? name;
    return known ??
      this.#configured(this.root.command(name)).summary(summary).description(summary);
  }

  #configured(command: Command): Command {
    const io = this.#io;
    return command
      .exitOverride()
      .showSuggestionAfterError(true)
      .helpCommand(false)
      .helpOption("-h, --help", "show this help")
      .configureHelp({ helpWidth: io.columns, minWidthToWrap: 20, optionTerm, formatItem })
      // The message of a failure is written once, by runProgram.
      .configureOutput({
        writeOut: (text) => io.out(text),
        writeErr() {},
        outputError() {},
        // Commander would look at variables that the program is not allowed to see.
        getOutHasColors: () => false,
        getErrHasColors: () => false,
      });
  }
}

/** In the place of the flags of a command that the words do not name: to add one takes as long as to read it. */
const STAND_IN = new Option("--flags").hideHelp();

function addFlags(
  command: Command,
  definition: CommandDefinition,
  choose: (parsed: ParsedCommand) => void,
): void {
  const given: GivenFlag[] = [];
  for (const flag of definition.flags) {
    const option = optionOf(flag).argParser((value: string) => {
      given.push({ flag: flag.name, value });
      return value;
    });
    command.addOption(option);
  }
  command.action(() => choose(new ParsedCommand(definition, given, command.args)));
}

function optionOf(flag: FlagDefinition): Option {
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  const value = flag.bool ? "bool" : flag.placeholder ?? "value";
  const option = new Option(`${short}--${flag.name} <${value}>`, describe(flag))
    .makeOptionMandatory(flag.required === true);
  return flag.hidden === true ? option.hideHelp() : option;
}

function describe(flag: FlagDefinition): string {
  return (flag.defaultText ?? "") === "" ? flag.help : `${flag.help} (default ${flag.defaultText})`;
}

/** A bool flag is shown without a value, since it takes one only after `=`. */
function optionTerm(option: Option): string {
  return Help.prototype.optionTerm.call(new Help(), option).replace(/ <bool>$/, "");
}

/** Commander's message in one line and in the words that Go programs use. */
function usageError(error: CommanderError, command: string): UsageError {
  const text = error.message.replace(/^error: /, "").replace(/\n/g, " ");
  const message = text
    .replace(/^unknown option '([^']*)'/, "unknown flag: $1")
    .replace(/^option '(?:-\w, )?(--[^ ']+)[^']*' argument missing/, "flag needs an argument: $1")
    .replace(
      /^required option '(?:-\w, )?--([^ ']+)[^']*' not specified/,
      'required flag "$1" not set',
    );
  return new UsageError(message, { hint: `see '${command} --help'` });
}
