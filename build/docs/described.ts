/**
 * What reference and man pages say of programs and commands, without the markup of either.
 *
 * @module
 */
import type { CommandDefinition, FlagDefinition } from "core/program/command.ts";
import type { Program } from "core/program/program.ts";

/** A command with the words that name it. */
export interface DescribedCommand extends CommandDefinition {
  /** `kumactl install transparent-proxy`. */
  readonly line: string;
  /** The words that follow it: `[code] [flags]`. */
  readonly operands: string;
  /** Without hidden flags, and with `--help`. */
  readonly shownFlags: readonly FlagDefinition[];
}

const HELP: FlagDefinition = { name: "help", short: "h", bool: true, help: "show this help" };

/** The commands of a program in the order of its help. */
export function commandsOf({ name: program, commands }: Program): DescribedCommand[] {
  return Object.entries(commands).map(([name, definition]) => ({
    ...definition,
    line: `${program} ${name}`,
    operands: [
      ...definition.argument === undefined ? [] : [`[${definition.argument.name}]`],
      "[flags]",
    ].join(" "),
    shownFlags: [...definition.flags.filter(({ hidden }) => hidden !== true), HELP],
  }));
}

/** What a flag is, in whole clauses: its help, and whether it is required. */
export function flagText({ help, required }: FlagDefinition): string {
  return required === true ? `${help} (required)` : help;
}

/** The description of a command as sentences; where it has none, its summary as one. */
export function sentences({ description, summary }: CommandDefinition): string {
  const text = description ?? summary;
  const upper = `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
  return /[.!?]$/.test(upper) ? upper : `${upper}.`;
}

/** The meaning of exit codes, by code: lines that go on are joined. */
export function exitCodesOf({ exitCodes }: Program): (readonly [string, string])[] {
  const found: [string, string][] = [];
  for (const line of exitCodes) {
    const [, code, text = ""] = /^(\d*)\s+(.*)$/.exec(line) ?? [];
    const last = found.at(-1);
    if (code !== undefined && code !== "") found.push([code, text]);
    else if (last !== undefined) last[1] = `${last[1]} ${text}`;
  }
  return found;
}
