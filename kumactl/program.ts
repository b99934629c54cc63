/**
 * Builds the command tree from the table of commands, parses a command line with it, and runs what it
 * names. Every failure ends as one line on standard error and exit code 1.
 *
 * @module
 */
import { Command, CommanderError, Help, Option } from "commander";
import { KumaError } from "core/errors.ts";
import { KUMA_VERSION, VERSION } from "core/version.ts";
import { normalise } from "./arguments.ts";
import { type CommandDefinition, COMMANDS, type ParsedCommand } from "./commands.ts";
import type { FlagDefinition } from "./flags.ts";
import { EXIT_CODES, helpTail } from "./help.ts";
import type { Io } from "./io.ts";
import { refuseKumasCommands } from "./kuma_commands.ts";
import { errorLine } from "./line_logger.ts";

/** Does what a command is for; resolves to the exit code. */
export type Handler = (parsed: ParsedCommand, io: Io) => Promise<number>;

/** Handlers are loaded when they run, so that no command pays for another one's imports. */
const HANDLERS: Readonly<Record<string, () => Promise<Handler>>> = {
  "install transparent-proxy": async () =>
    (await import("./install_transparent_proxy.ts")).installTransparentProxyCommand,
  "install transparent-proxy-validator": async () =>
    (await import("./install_validator.ts")).installValidatorCommand,
  "uninstall transparent-proxy": async () =>
    (await import("./uninstall_transparent_proxy.ts")).uninstallTransparentProxyCommand,
  "explain": async () => (await import("./explain.ts")).explainCommand,
  "explain packet": async () => (await import("./explain_packet.ts")).explainPacketCommand,
  "completion": async () => (await import("./completion.ts")).completionCommand,
  "version": async () => (await import("./print_version.ts")).versionCommand,
};

/** Runs one command line (without the program's own name) and gives the exit code: 0, or 1. */
export async function runKumactl(words: readonly string[], io: Io): Promise<number> {
  try {
    const chosen = parse(words, io);
    if (chosen === undefined) return 0;
    const load = HANDLERS[chosen.definition.path.join(" ")];
    if (load === undefined) {
      throw new TypeError(`no handler for ${chosen.definition.path.join(" ")}`);
    }
    return await (await load())(chosen.parsed, io);
  } catch (thrown) {
    io.err(errorLine(io, thrown));
    return 1;
  }
}

interface Chosen {
  readonly definition: CommandDefinition;
  readonly parsed: ParsedCommand;
}

/** Undefined where help or the version was asked for and is already printed. */
function parse(given: readonly string[], io: Io): Chosen | undefined {
  const words = given[0] === "help" ? [...given.slice(1), "--help"] : given;
  let chosen: Chosen | undefined;
  const program = buildProgram(io, (found) => chosen = found);
  const definition = COMMANDS.filter(({ path }) => path.every((word) => words.includes(word)))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
  const flags = definition?.flags ?? [];
  const names = (bool: boolean) =>
    new Set(flags.filter((flag) => flag.bool === bool).map((flag) => flag.name));
  const normal = normalise(words, { bools: names(true), valued: names(false) });
  refuseKumasCommands(normal.filter((word) => !word.startsWith("-")));
  // A command that only groups others shows its help, as Go programs do.
  const grouping = normal.length === 0 ||
    (normal.length === 1 && COMMANDS.some(({ path }) => path.length > 1 && path[0] === normal[0]) &&
      !COMMANDS.some(({ path }) => path.length === 1 && path[0] === normal[0]));
  try {
    program.parse(grouping ? [...normal, "--help"] : normal, { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return undefined;
    throw usageError(thrown, definition);
  }
  return chosen;
}

function buildProgram(io: Io, choose: (chosen: Chosen) => void): Command {
  const program = configure(new Command("kumactl"), io)
    .description(
      `Makes a Linux host transparent to Kuma's data plane proxy (behaves as Kuma ${KUMA_VERSION}).`,
    )
    .version(VERSION, "--version", "print the version")
    // Kumactl's own configuration, which these commands have none of; a command may have its own flag
    // of this name, so the root's counts only before the command.
    .addOption(new Option("--config-file <path>").hideHelp())
    .enablePositionalOptions()
    .addHelpText("after", `\n${EXIT_CODES}`);
  for (const definition of COMMANDS) {
    const name = definition.path.at(-1) ?? "";
    const parent = definition.path.length === 1
      ? program
      : group(program, definition.path[0] ?? "", io);
    const command = configure(parent.command(name), io)
      .summary(definition.summary)
      .description(definition.description ?? definition.summary)
      .allowExcessArguments(true)
      .addHelpText("after", () => `\n${helpTail(definition)}`);
    if (definition.argument !== undefined) command.argument(`[${definition.argument.name}]`);
    const flags: { flag: string; value: string }[] = [];
    for (const flag of definition.flags) {
      command.addOption(
        commanderOption(flag).argParser((value: string) => {
          flags.push({ flag: flag.name, value });
          return value;
        }),
      );
    }
    command.action(() => choose({ definition, parsed: { flags, words: command.args } }));
  }
  return program;
}

function group(program: Command, name: string, io: Io): Command {
  const known = program.commands.find((command) => command.name() === name);
  const summary = name === "install" ? "put something in place" : "take something out again";
  return known ?? configure(program.command(name), io).summary(summary).description(summary);
}

function configure(command: Command, io: Io): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError(true)
    .helpCommand(false)
    .helpOption("-h, --help", "show this help")
    .configureHelp({ helpWidth: io.columns, optionTerm })
    // The message of a failure is written once, by runKumactl.
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr() {},
      outputError() {},
      // Commander would look at variables that the program is not allowed to see.
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

function commanderOption(flag: FlagDefinition): Option {
  const option = new Option(`--${flag.name} <${flag.placeholder ?? "bool"}>`, describe(flag));
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
function usageError(
  error: CommanderError,
  definition: CommandDefinition | undefined,
): KumaError {
  const text = error.message.replace(/^error: /, "").replace(/\n/g, " ");
  const message = text
    .replace(/^unknown option '([^']*)'/, "unknown flag: $1")
    .replace(/^option '(--[^ ']+)[^']*' argument missing/, "flag needs an argument: $1");
  const command = ["kumactl", ...definition?.path ?? []].join(" ");
  return new KumaError("KUMA-TP-018", message, { hint: `see '${command} --help'` });
}
