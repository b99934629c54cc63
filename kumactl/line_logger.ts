import { errorText, oneLine } from "core/errors.ts";
import type { LogFields, Logger } from "core/log/logger.ts";
import type { Io } from "core/program/io.ts";

const RED = "\x1b[31m", YELLOW = "\x1b[33m", PLAIN = "\x1b[0m";

/**
 * Log lines of the command line in Kuma's form: `# [iptables] [WARNING] [1/5] message`. What is fine goes
 * to standard output, warnings and errors go to standard error. The fields `family` and `attempt` become
 * prefixes, all others follow the message as `key=value`.
 */
export class LineLogger implements Logger {
  readonly #io: Io;
  readonly #fields: LogFields;
  readonly #quiet: boolean;
  /** Warnings of this logger and those that it was made from: who looks twice need not say so. */
  readonly #said: Set<string>;

  /** `quiet` keeps standard output free of anything but results, as a dry run needs it. */
  constructor(io: Io, quiet: boolean, fields: LogFields = {}, said: Set<string> = new Set()) {
    this.#said = said;
    this.#io = io;
    this.#quiet = quiet;
    this.#fields = fields;
  }

  /** Details that only `--verbose` asks for are logged by the caller at `info`; nothing is shown here. */
  debug(): void {}

  info(message: string, fields?: LogFields): void {
    if (!this.#quiet) this.#io.out(`${this.#line("", message, fields)}\n`);
  }

  /** Says the same once. */
  warn(message: string, fields?: LogFields): void {
    const line = this.#line("[WARNING]", message, fields);
    if (this.#said.has(line)) return;
    this.#said.add(line);
    this.#io.err(`${paint(this.#io, YELLOW, line)}\n`);
  }

  error(message: string, fields?: LogFields): void {
    this.#io.err(`${paint(this.#io, RED, this.#line("[ERROR]", message, fields))}\n`);
  }

  with(fields: LogFields): Logger {
    return new LineLogger(this.#io, this.#quiet, { ...this.#fields, ...fields }, this.#said);
  }

  #line(level: string, message: string, fields: LogFields = {}): string {
    const { family, attempt, ...others } = { ...this.#fields, ...fields };
    const prefixes = [
      family === "ipv4" ? "[iptables]" : family === "ipv6" ? "[ip6tables]" : "",
      level,
      attempt === undefined ? "" : `[${attempt}]`,
    ];
    const details = Object.entries(others).map(([key, value]) =>
      `${key}=${value instanceof Error ? errorText(value) : oneLine(String(value))}`
    );
    return ["#", ...prefixes, oneLine(message), ...details].filter((word) => word !== "").join(" ");
  }
}

function paint(io: Io, colour: string, text: string): string {
  return io.colour ? `${colour}${text}${PLAIN}` : text;
}
