/**
 * What there is to build: every folder of the checkout whose own `deno.json` has a `build` section.
 *
 * @module
 */
import { join } from "node:path";
import { errorText, KumaError } from "core/errors.ts";

/** One program to build. */
export interface Component {
  /** Its folder's name, which is also what it is called on the command line. */
  name: string;
  /** File name of the compiled program. */
  binary: string;
  /** Absolute path of its main module. */
  entry: string;
  /** Deno's permission flags that the program is compiled with. */
  permissions: string[];
  /** Further flags of `deno compile`; {@linkcode ALWAYS} comes first for every program. */
  flags: string[];
  /** True for a program that runs on foreign nodes and brings its own C library. */
  hostRuntime: boolean;
  /** True for a short-lived program: a smaller bundle is read faster. Not for one with tslib in it. */
  minify: boolean;
  /**
   * Absolute path of the C source of a program in front: that one gets the binary's name, and the compiled one lies in
   * the runtime folder. Only with {@linkcode Component.hostRuntime}.
   */
  front: string | undefined;
  /** The commands whose bytecode the program carries (`code_cache/`); undefined for none. */
  warmUp: WarmUp | undefined;
}

/** A command line to run when bytecode is recorded; `before` is another one that makes it possible. */
export interface WarmRun {
  readonly before?: string;
  readonly run: string;
}

/**
 * What to run for each set of bytecode, by the command that it is for; that of "" is for all others. In the order that
 * counts: a command begins with the modules of its first run alone.
 */
export type WarmRuns = Readonly<Record<string, readonly WarmRun[]>>;

/** How bytecode is recorded. */
export interface WarmUp {
  /** Absolute path of the module that the main module only calls: it exports `run(args): Promise<number>`. */
  readonly module: string;
  readonly commands: WarmRuns;
}

/**
 * Flags that every program gets, since all of them may run as root: without the first, a compiled program
 * trusts a file of a predictable name in the temp dir; without the second, it may ask on a terminal.
 */
export const ALWAYS: readonly string[] = ["--no-code-cache", "--no-prompt"];

const KEYS = [
  "binary",
  "entry",
  "permissions",
  "flags",
  "hostRuntime",
  "minify",
  "front",
  "warmUp",
];
const PERMISSION = /^--(allow|deny)-(read|write|net|env|run|sys|ffi)(=\S+)?$/;
const FLAG = /^--(unstable-[a-z-]+|v8-flags=\S+)$/;

/**
 * The components of the checkout at `root`, sorted by name.
 *
 * @throws {KumaError} `KUMA-BUILD-004` when a `deno.json` cannot be read or its `build` section is wrong
 */
export async function findComponents(root: string): Promise<Component[]> {
  const found: Component[] = [];
  for await (const entry of Deno.readDir(root)) {
    if (!entry.isDirectory || entry.name.startsWith(".")) continue;
    const component = await readComponent(join(root, entry.name), entry.name);
    if (component !== undefined) found.push(component);
  }
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}

/**
 * The components to build: those that `names` says, or all where it says none.
 *
 * @throws {KumaError} `KUMA-BUILD-004` for a name that is none of them
 */
export function chooseComponents(all: Component[], names: string[]): Component[] {
  if (names.length === 0) return all;
  return names.map((name) => {
    const component = all.find((one) => one.name === name || one.binary === name);
    if (component !== undefined) return component;
    throw new KumaError("KUMA-BUILD-004", `Cannot build "${name}": there is no such component`, {
      hint: `there is ${all.map((one) => one.name).join(", ") || "none"}`,
    });
  });
}

async function readComponent(dir: string, name: string): Promise<Component | undefined> {
  const path = join(dir, "deno.json");
  let section: unknown;
  try {
    section = (JSON.parse(await Deno.readTextFile(path)) as { build?: unknown }).build;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw wrong(name, errorText(cause));
  }
  return section === undefined ? undefined : parseComponent(dir, name, section);
}

/**
 * Reads a `build` section strictly.
 *
 * @throws {KumaError} `KUMA-BUILD-004` naming the key; `-A` and `--allow-all` are refused
 */
export function parseComponent(dir: string, name: string, section: unknown): Component {
  if (typeof section !== "object" || section === null) throw wrong(name, "it must be an object");
  const given = section as Record<string, unknown>;
  const unknown = Object.keys(given).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw wrong(name, `"${unknown}" is not one of ${KEYS.join(", ")}`);
  const { binary, entry = "main.ts", hostRuntime = false, minify = false } = given;
  if (typeof binary !== "string" || !/^[a-z][a-z0-9-]*$/.test(binary)) {
    throw wrong(name, `"binary" must be a file name of small letters, digits and "-"`);
  }
  if (typeof entry !== "string") throw wrong(name, `"entry" must be a path`);
  if (typeof hostRuntime !== "boolean") throw wrong(name, `"hostRuntime" must be true or false`);
  if (typeof minify !== "boolean") throw wrong(name, `"minify" must be true or false`);
  const permissions = list(name, given, "permissions", PERMISSION);
  const flags = list(name, given, "flags", FLAG);
  const front = frontOf(name, given);
  return {
    ...{ name, binary, entry: join(dir, entry), permissions, flags, hostRuntime, minify },
    front: front === undefined ? undefined : join(dir, front),
    warmUp: warmUpOf(dir, name, given["warmUp"]),
  };
}

function warmUpOf(dir: string, name: string, given: unknown): WarmUp | undefined {
  if (given === undefined) return undefined;
  const { module, commands, ...rest } = Object(given) as Record<string, unknown>;
  if (typeof module !== "string" || Object.keys(rest).length > 0) {
    throw wrong(name, `"warmUp" must have "module", a path, and "commands"`);
  }
  const groups = Object.values(Object(commands) as Record<string, unknown>);
  if (groups.length > 0 && groups.every((runs) => Array.isArray(runs) && runs.every(isWarmRun))) {
    return { module: join(dir, module), commands: commands as WarmRuns };
  }
  throw wrong(name, `"commands" of "warmUp" must be lists of {"run", "before"?} by command`);
}

function isWarmRun(given: unknown): given is WarmRun {
  const { before, run, ...rest } = Object(given) as Record<string, unknown>;
  const fits = before === undefined || typeof before === "string";
  return fits && typeof run === "string" && Object.keys(rest).length === 0;
}

function frontOf(name: string, { front, hostRuntime }: Record<string, unknown>) {
  if (front === undefined) return undefined;
  if (typeof front !== "string") throw wrong(name, `"front" must be a path`);
  if (hostRuntime !== true) throw wrong(name, `"front" needs "hostRuntime"`);
  return front;
}

function list(
  name: string,
  given: Record<string, unknown>,
  key: string,
  pattern: RegExp,
): string[] {
  const value = given[key] ?? [];
  if (!Array.isArray(value)) throw wrong(name, `"${key}" must be a list`);
  return value.map((flag: unknown) => {
    if (typeof flag === "string" && ALWAYS.includes(flag)) return undefined;
    if (typeof flag === "string" && pattern.test(flag)) return flag;
    throw wrong(name, `${JSON.stringify(flag)} is not allowed in "${key}"`);
  }).filter((flag) => flag !== undefined);
}

function wrong(name: string, why: string): KumaError {
  return new KumaError("KUMA-BUILD-004", `Cannot use "build" in ${name}/deno.json: ${why}`);
}
