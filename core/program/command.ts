/**
 * Commands as data: what help, completion and the parser of a command line know of them.
 *
 * @module
 */
import { shown, within } from "core/grammar/echo.ts";
import { parseBool } from "core/grammar/switches.ts";
import type { Io } from "./io.ts";
import type { SchemaName } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** One flag. */
export interface FlagDefinition {
  /** Without dashes. */
  readonly name: string;
  /** A letter that means the same: `f` for `-f`. */
  readonly short?: string;
  /** Whether it is a switch: it takes a value only after `=`. */
  readonly bool: boolean;
  /** Word for the value in help; absent for bools. */
  readonly placeholder?: string | undefined;
  readonly help: string;
  /** What counts where it is not given; shown in help where it is not empty. */
  readonly defaultText?: string;
  readonly hidden?: boolean;
  /** Whether a command line without it is refused. */
  readonly required?: boolean;
  /** Values that completion offers. */
  readonly choices?: readonly string[] | undefined;
  /** The value is a path. */
  readonly path?: boolean;
  /** What its values are names of on the machine where a shell completes them. */
  readonly completes?: "netns" | "user" | undefined;
  /** The environment variable that says the same where the flag is not given. */
  readonly variable?: string | undefined;
}

/** One command. */
export interface CommandDefinition {
  readonly summary: string;
  readonly description?: string;
  readonly flags: readonly FlagDefinition[];
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  /** Word in the usage line for an argument, and what completion offers for it. */
  readonly argument?: { readonly name: string; readonly choices?: readonly string[] };
  /** Schema of the document that `-o json` and `-o yaml` print. */
  readonly schema?: SchemaName;
}

/**
 * A list of flags that is made when it is first asked for: the flags of all commands together take a runtime's cold start
 * milliseconds, and a run is of one command.
 */
export function lazyFlags<T = FlagDefinition>(make: () => readonly T[]): () => readonly T[] {
  let flags: readonly T[] | undefined;
  return () => flags ??= make();
}

/** Commands by the words that name them: `install transparent-proxy`. */
export type CommandTable<Name extends string = string> = Readonly<Record<Name, CommandDefinition>>;

/** One flag of a command line with the text of its value. */
export interface GivenFlag {
  /** Without the dashes. */
  readonly flag: string;
  readonly value: string;
}

/** A command line after parsing. */
export class ParsedCommand {
  readonly #known: readonly FlagDefinition[];

  constructor(
    { flags: known }: CommandDefinition,
    /** Flags with the text of their values, in the order given. */
    readonly flags: readonly GivenFlag[],
    /** Words that are no flags. */
    readonly words: readonly string[],
  ) {
    this.#known = known;
  }

  /**
   * What the flag says: the last value given, else its default, else undefined.
   *
   * @throws {TypeError} for a flag that the command does not have
   */
  text(name: string): string | undefined {
    const flag = this.#known.find((one) => one.name === name);
    if (flag === undefined) throw new TypeError(`Cannot ask for --${name}: there is no such flag`);
    return this.flags.findLast((given) => given.flag === name)?.value ?? flag.defaultText;
  }

  /**
   * Whether a switch is on; it is off where it is not given.
   *
   * @throws {KumaError} `KUMA-TP-008` for a value that is no bool of Go
   */
  on(name: string): boolean {
    return within(`--${name}: `, () => parseBool(this.text(name) ?? "false"));
  }

  /**
   * One of the words that a flag may have; the first one where it neither is given nor has a default.
   *
   * @throws {UsageError} for any other
   */
  choice<T extends string>(name: string, choices: readonly [T, ...T[]]): T {
    const value = this.text(name);
    if (value === undefined) return choices[0];
    const known = choices.find((choice) => choice === value);
    if (known !== undefined) return known;
    throw new UsageError(`--${name}: '${shown(value)}' is not one of ${choices.join(", ")}`);
  }
}

/** Does what a command is for; resolves to the exit code. What it throws is told as `Error: …`. */
export type Handler = (parsed: ParsedCommand, io: Io) => Promise<number> | number;
