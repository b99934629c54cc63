/**
 * Starts a program whose text lies behind the runtime in its own file, with V8's bytecode of it beside it. A start then
 * neither parses nor compiles what it needs (measured: 15 of the 30 ms that a command took), and reads nothing of what
 * it does not need: the payload of `deno compile` is read and copied whole at each start, 1.3 ms a megabyte.
 *
 * The text has two halves. The one that a common command needs is a single script, made for that command. Each module of
 * the other half is compressed by itself and read where it is asked for. V8 takes bytecode only where its version, its
 * flags and the length of the text are the same, else it compiles; that text and bytecode belong together is the build's
 * work, which makes both at once (`build/code_cache`).
 *
 * @module
 */
import process from "node:process";
import type { ErrorCode } from "core/errors.ts";
import type { Script } from "node:vm";
import { noteCodeCacheState } from "./code_cache.ts";

/** Where a part lies: bytes from the attachment's start, and how many. */
export type Part = readonly [at: number, length: number];

/** What a command begins with. */
export interface CommonText {
  /** A script, ASCII, behind {@linkcode Attachment.id}. */
  readonly text: Part;
  /** Bytecode of it. */
  readonly cache?: Part | undefined;
}

/** Where what is attached lies in the program's file. */
export interface Attachment {
  /** Bytes from the file's start. */
  readonly at: number;
  /** ASCII; tells whether the file is still the one that was started. */
  readonly id: string;
  /** By the command that it was made for, such as `status transparent-proxy`; that of "" is for all others. */
  readonly commands: Readonly<Record<string, CommonText>>;
  /** JSON: a {@linkcode Part} for each module that is in the other half of any, by name; what it names is deflated, ASCII. */
  readonly modules: Part;
}

/** What the text gives: the program, and those of its common modules that others need. */
interface CommonHalf {
  run(args: string[]): Promise<number>;
  /** Undefined until its own modules have run. */
  readonly modules?: Readonly<Record<string, () => unknown>>;
}

type Require = (name: string) => unknown;
type Wrapped<T> = (require: Require, module: { exports: T }, exports: T) => void;

/** A program that was read and may be run. */
export interface Attached {
  /** Runs it, more than once where asked: arguments to exit code. */
  readonly run: CommonHalf["run"];
  /** The script of the common half. */
  readonly script: Script;
  /** Names of the modules of the other half that were loaded until now. */
  readonly loaded: readonly string[];
}

/**
 * Reads the common half for the command of `args`, and what bytecode there is of it.
 *
 * @throws {Error} when the file cannot be read, or is not the one that was started
 */
export function openAttached(attachment: Attachment, args: readonly string[]): Attached {
  // Kept open: a program that is replaced while it runs still finds its own other half.
  const file = Deno.openSync(Deno.execPath());
  const read = (part: Part) => readPart(file, attachment.at, part);
  const { text: part, cache } = commonTextFor(attachment, args);
  const text = ascii(read(part));
  if (!text.startsWith(attachment.id)) throw new Error("the file was replaced meanwhile");
  const vm = process.getBuiltinModule("node:vm");
  const script = new vm.Script(text.slice(attachment.id.length), {
    filename: "program.js",
    ...(cache === undefined ? {} : { cachedData: read(cache) as Uint8Array<ArrayBuffer> }),
  });
  if (cache !== undefined) {
    noteCodeCacheState(script.cachedDataRejected === true ? "refused" : "used");
  }
  const common = { exports: {} as CommonHalf };
  const loaded: string[] = [];
  let index: Record<string, Part> | undefined;
  const require = loader(common, (name) => {
    loaded.push(name);
    index ??= JSON.parse(ascii(read(attachment.modules))) as Record<string, Part>;
    const part = index[name];
    if (part === undefined) throw new Error(`${name} is not in the file`);
    const inflated = process.getBuiltinModule("node:zlib").inflateRawSync(read(part));
    return new vm.Script(ascii(inflated), { filename: name }).runInThisContext() as Wrapped<object>;
  });
  const start = script.runInThisContext() as Wrapped<CommonHalf>;
  start(require, common, common.exports);
  return { run: (given) => common.exports.run(given), script, loaded };
}

/** `require` of both halves: Node's own modules, those of the common half, and the others by `fetch`, each once. */
function loader(
  common: { exports: CommonHalf },
  fetch: (name: string) => Wrapped<object>,
): Require {
  const known = new Map<string, { exports: unknown }>();
  const require = (name: string): unknown => {
    if (!name.startsWith("./")) return process.getBuiltinModule(name);
    const before = known.get(name);
    if (before !== undefined) return before.exports;
    const shared = common.exports.modules?.[name];
    const module = { exports: shared?.() ?? {} };
    // Known before it runs, with what it exports by then: modules may ask for each other in a circle.
    known.set(name, module);
    if (shared === undefined) fetch(name)(require, module, module.exports);
    return module.exports;
  };
  return require;
}

function commonTextFor({ commands }: Attachment, args: readonly string[]): CommonText {
  const named = Object.keys(commands).find((command) =>
    command !== "" && command.split(" ").every((word, index) => args[index] === word)
  );
  const found = commands[named ?? ""];
  if (found === undefined) throw new Error("nothing is attached to it");
  return found;
}

function readPart(file: Deno.FsFile, start: number, [at, length]: Part): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  file.seekSync(start + at, Deno.SeekMode.Start);
  for (let filled = 0; filled < length;) {
    const count = file.readSync(bytes.subarray(filled));
    if (count === null) throw new Error("it ends too early");
    filled += count;
  }
  return bytes;
}

function ascii(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** What is said where the text cannot be read; the program's own words are in that text. */
const UNREADABLE: ErrorCode = "KUMA-HOST-022";

/** Runs the program that is attached, and ends the process with its exit code; 1 where it cannot be started. */
export async function runAttached(attachment: Attachment): Promise<never> {
  let program: Attached;
  try {
    program = openAttached(attachment, Deno.args);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const line = `Error: cannot start the program in ${Deno.execPath()}: ${why} [${UNREADABLE}]\n` +
      "Hint: run it again; if that does not help, install it anew\n";
    Deno.stderr.writeSync(new TextEncoder().encode(line));
    Deno.exit(1);
  }
  Deno.exit(await program.run([...Deno.args]));
}
