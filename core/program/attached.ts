/**
 * Starts a program whose text lies behind the runtime in its own file, with V8's bytecode of it beside it. A start then
 * neither parses nor compiles what it needs (measured: 15 of the 30 ms that a command took), and reads nothing of what
 * it does not need: the payload of `deno compile` is read and copied whole at each start, 1.3 ms a megabyte.
 *
 * A command's text comes in stages, each a single script with bytecode. The first has the modules that the first of its
 * recorded runs loads, the second what the next run loads beyond these, and so on; a later stage is read when one of its
 * modules is asked for. Each module of no stage is compressed by itself, and read where it is asked for. V8 takes
 * bytecode only where its version, its flags and the length of the text are the same, else it compiles; that text and
 * bytecode belong together is the build's work, which makes both at once (`build/code_cache`).
 *
 * @module
 */
import type { Script } from "node:vm";
import { noteCodeCacheState } from "./code_cache.ts";
import { unreadable } from "./unreadable.ts";

// The very object that "node:process" gives, whose import costs each start half a millisecond.
const { process } = globalThis;

/** Where a part lies: bytes from the attachment's start, and how many. */
export type Part = readonly [at: number, length: number];

/**
 * Where a stage lies: bytes from the attachment's start, how many of bytecode (0 for none), and how many of text behind
 * that. One read takes both, and bytecode at its start is where V8 does not copy it. The text is ASCII, and begins with
 * {@linkcode Attachment.id} as a comment.
 */
export type StagePart = readonly [at: number, cache: number, text: number];

/** For each module of the first stage that others ask for, `./x.js`: by exported name, the number of its value. */
export type SharedValues = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A stage that is read when it is needed. */
export interface LaterStage {
  readonly part: StagePart;
  /** Those of its modules that others ask for. */
  readonly names: readonly string[];
}

/** What only those need to know who ask for more than the first stage. */
export interface Beyond {
  readonly shared: SharedValues;
  readonly later: readonly LaterStage[];
}

/** What there is for a command. */
export interface CommandText {
  readonly first: StagePart;
  /** JSON: {@linkcode Beyond}. */
  readonly beyond: Part;
}

/** Where what is attached lies in the program's file. */
export interface Attachment {
  /** Bytes from the file's start. */
  readonly at: number;
  /** ASCII; tells whether the file is still the one that was started. */
  readonly id: string;
  /** By the words that such a command line begins with: `status transparent-proxy`; that of "" is for all others. */
  readonly commands: Readonly<Record<string, CommandText>>;
  /** JSON: a {@linkcode Part} for each module that some command has in no stage; what it names is deflated, ASCII. */
  readonly modules: Part;
}

/** What the text of the first stage gives: the program, the values of {@linkcode SharedValues}, and all other modules. */
export interface First {
  run(args: string[]): Promise<number>;
  /** Ends the process; where there is none, the runtime's own way does. */
  end?(code: number): never;
  value(at: number): unknown;
  load: typeof import("./attached_modules.ts").load;
}

type Require = (name: string) => unknown;

/** What a script gives: the text of modules as a function. */
export type Wrapped<T> = (require: Require, module: { exports: T }, exports: T) => void;

/** A program that was read and may be run. */
export interface Attached {
  /** Runs it, more than once where asked: arguments to exit code. */
  run(args: string[]): Promise<number>;
  /** Ends the process with that exit code. */
  readonly end: (code: number) => never;
  /** The scripts of the stages in order; a later one is missing until it is needed. */
  readonly scripts: readonly (Script | undefined)[];
  /** Names of the modules of no stage that were loaded until now. */
  readonly loaded: readonly string[];
}

/** What the first stage is given to find more. */
export interface Opened extends Attached {
  readonly scripts: Script[];
  readonly loaded: string[];
  readonly attachment: Attachment;
  readonly command: CommandText;
  readonly file: Deno.FsFile;
  readonly first: { exports: First };
  readonly require: Require;
  readonly read: typeof read;
  readonly scriptOf: typeof scriptOf;
}

/**
 * Reads the first stage for the command of `args`, and what bytecode there is of it, and starts it. There is no bytecode
 * of this: it has few functions and little else than each start needs, and the first stage has the rest.
 *
 * @throws {Error} when the file cannot be read, or is not the one that was started
 */
export function openAttached(attachment: Attachment, args: readonly string[]): Attached {
  const line = `${args.join(" ")} `;
  let command = attachment.commands[""];
  for (const [words, found] of Object.entries(attachment.commands)) {
    if (words !== "" && line.startsWith(`${words} `)) command = found;
  }
  if (command === undefined) throw new Error("nothing is attached to it");
  const first = { exports: {} as First };
  const opened: Opened = {
    attachment,
    command,
    // Kept open: a program that is replaced while it runs still finds what it has not read yet.
    file: Deno.openSync(Deno.execPath()),
    scripts: [],
    loaded: [],
    first,
    read,
    scriptOf,
    require: (name) =>
      name.startsWith("./") ? first.exports.load(opened, name) : process.getBuiltinModule(name),
    run: (args) => first.exports.run(args),
    end: (code) => (first.exports.end ?? Deno.exit)(code),
  };
  const script = opened.scripts[0] = scriptOf(opened, command.first);
  (script.runInThisContext() as Wrapped<First>)(opened.require, first, first.exports);
  return opened;
}

/** Reads a stage. */
function scriptOf(opened: Opened, [at, cache, length]: StagePart): Script {
  const bytes = read(opened, [at, cache + length]);
  const text = new TextDecoder().decode(bytes.subarray(cache));
  if (!text.startsWith(opened.attachment.id, "//".length)) {
    throw new Error("the file was replaced meanwhile");
  }
  const { Script } = process.getBuiltinModule("node:vm");
  const script = new Script(text, {
    filename: "program.js",
    ...(cache === 0 ? {} : { cachedData: bytes.subarray(0, cache) }),
  });
  if (cache > 0) noteCodeCacheState(script.cachedDataRejected === true ? "refused" : "used");
  return script;
}

function read({ file, attachment }: Opened, [at, length]: Part): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  file.seekSync(attachment.at + at, Deno.SeekMode.Start);
  for (let filled = 0; filled < length;) {
    const count = file.readSync(bytes.subarray(filled));
    if (count === null) throw new Error("it ends too early");
    filled += count;
  }
  return bytes;
}

/** Runs the program that is attached, and ends the process with its exit code; 1 where it cannot be started. */
export async function runAttached(attachment: Attachment): Promise<never> {
  let program: Attached;
  try {
    program = openAttached(attachment, Deno.args);
  } catch (error) {
    const line = `Error: ${unreadable("cannot start the program", error)}\n` +
      "Hint: run it again; if that does not help, install it anew\n";
    Deno.stderr.writeSync(new TextEncoder().encode(line));
    Deno.exit(1);
  }
  program.end(await program.run([...Deno.args]));
}
