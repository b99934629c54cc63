/**
 * What a program reads from and writes to, as a value that tests can give.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { legible } from "core/text/legible.ts";
import { type Sink, writeAll } from "./write_all.ts";

/** All that a command reads from and writes to beside the host itself; given as data in tests. */
export interface Io {
  /**
   * Writes text to standard output. Characters that would command a terminal are shown instead, but in `coloured`
   * text, whose writer has seen to that and has only put in colours of its own.
   */
  out(text: string, coloured?: "coloured"): void;
  /** Writes text to standard error as it is. */
  err(text: string): void;
  /** Whether standard error may be coloured: a terminal, and `NO_COLOR` unset or empty. */
  readonly colour: boolean;
  /** The same of standard output. */
  readonly outColour: boolean;
  /** Whether standard error is a terminal, on which a line may be written over. */
  readonly live: boolean;
  /** Columns of the terminal, for help; 80 where there is none. */
  readonly columns: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads a file, or standard input for `-`, as bytes; at most `limit` + 1 of them. */
  read(path: string, limit: number): Promise<Uint8Array>;
}

/** The same, but for what goes to standard output. */
export function withOut(io: Io, out: (text: string) => void): Io {
  return { ...io, out, err: (text) => io.err(text), read: (path, limit) => io.read(path, limit) };
}

/** Columns of help where nothing says how wide the place is, and the least and most that a terminal is given. */
const COLUMNS = 80, NARROWEST = 40, WIDEST = 120;

/**
 * The process's own streams, and the variables of these names: a compiled program may see no others, so all of
 * them at once cannot be asked for.
 */
export function systemIo(names: readonly string[]): Io {
  const colour = (Deno.env.get("NO_COLOR") ?? "") === "";
  const terminal = Deno.stdout.isTerminal();
  const live = Deno.stderr.isTerminal();
  const environment: Record<string, string | undefined> = {};
  for (const name of names) environment[name] = Deno.env.get(name);
  return {
    out: legibleOut(lineOut(Deno.stdout, "standard output")),
    err: lineOut(Deno.stderr, "standard error"),
    colour: live && colour,
    outColour: terminal && colour,
    live,
    columns: terminal ? usableColumns(Deno.consoleSize().columns) : COLUMNS,
    environment,
    read: readLimited,
  };
}

/** Standard output as {@linkcode Io.out} has it, of what writes text as it is. */
export function legibleOut(write: (text: string) => void): Io["out"] {
  return (text, coloured) => write(coloured === undefined ? legible(text) : text);
}

/** How many columns to use of a terminal's; one that nobody told its size has none (a serial line, script(1)). */
export function usableColumns(columns: number): number {
  return columns === 0 ? COLUMNS : Math.max(NARROWEST, Math.min(columns, WIDEST));
}

/**
 * Writes to a stream. A reader that goes away (`kumactl ... | head -1`) only ends the output: what is
 * being done to the firewall must not depend on who watches.
 *
 * @throws KumaError `KUMA-TP-028` where the stream cannot be written to for another reason (a full disk).
 */
export function lineOut(stream: Sink, name: string): (text: string) => void {
  let gone = false;
  return (text) => {
    if (gone) return;
    try {
      writeAll(stream, text);
    } catch (cause) {
      if (cause instanceof Deno.errors.BrokenPipe) gone = true;
      else {
        throw new KumaError("KUMA-TP-028", `cannot write to ${name}: ${errorText(cause)}`, {
          cause,
        });
      }
    }
  };
}

async function readLimited(path: string, limit: number): Promise<Uint8Array> {
  const file = path === "-" ? undefined : await Deno.open(path);
  try {
    const buffer = new Uint8Array(limit + 1);
    let length = 0;
    while (length < buffer.length) {
      const count = await (file ?? Deno.stdin).read(buffer.subarray(length));
      if (count === null) break;
      length += count;
    }
    return buffer.subarray(0, length);
  } finally {
    file?.close();
  }
}
