/**
 * Gives the modules of an attached program (`attached.ts`) that are not in its first stage. This is part of the first
 * stage's text: there, it costs a start nothing where all that is asked for is in that stage.
 *
 * @module
 */
import type { Beyond, First, Opened, Part, Wrapped } from "./attached.ts";
import { unreadable } from "./unreadable.ts";

/** What the text of a later stage gives: those of its modules that others ask for. */
interface Later {
  moduleOf(name: string): object;
}

type Run = Wrapped<object>;

const { process } = globalThis;
const known = new Map<string, { exports: object }>();
/** The later stages that were started, by number. */
const started: { exports: Later }[] = [];
let beyond: Beyond | undefined;
let parts: Readonly<Record<string, Part>> | undefined;

/**
 * `require` for `./x.js`: what that module exports; each runs once.
 *
 * @throws {Error} `KUMA-HOST-022` where it cannot be read; what the module throws
 */
export function load(opened: Opened, name: string): object {
  const before = known.get(name);
  if (before !== undefined) return before.exports;
  const staged = stagedModule(opened, name);
  const start = staged === undefined ? reading(() => alone(opened, name)) : undefined;
  const module = { exports: staged ?? {} };
  // Known before it runs, with what it exports by then: modules may ask for each other in a circle.
  known.set(name, module);
  start?.(opened.require, module, module.exports);
  return module.exports;
}

/** What a module exports that is in a stage, which is started where it was not yet; undefined for others. */
function stagedModule(opened: Opened, name: string): object | undefined {
  beyond ??= reading(() => readJson(opened, opened.command.beyond) as Beyond);
  const numbers = beyond.shared[name];
  if (numbers !== undefined) return namespaceOf(opened.first.exports, numbers);
  const index = beyond.later.findIndex(({ names }) => names.includes(name));
  const found = beyond.later[index];
  if (found === undefined) return undefined;
  let stage = started[index];
  if (stage === undefined) {
    const script = opened.scripts[index + 1] = reading(() => opened.scriptOf(opened, found.part));
    stage = started[index] = { exports: {} as Later };
    (script.runInThisContext() as Wrapped<Later>)(opened.require, stage, stage.exports);
  }
  return stage.exports.moduleOf(name);
}

/** By getters, as a bundler writes modules: some of it gets its value late. */
function namespaceOf(first: First, numbers: Readonly<Record<string, number>>): object {
  const namespace = Object.defineProperty({}, "__esModule", { value: true });
  for (const [exported, at] of Object.entries(numbers)) {
    Object.defineProperty(namespace, exported, { enumerable: true, get: () => first.value(at) });
  }
  return namespace;
}

/** A module of no stage, to be run. */
function alone(opened: Opened, name: string): Run {
  opened.loaded.push(name);
  parts ??= readJson(opened, opened.attachment.modules) as Record<string, Part>;
  const part = parts[name];
  if (part === undefined) throw new Error(`${name} is not in the file`);
  const { inflateRawSync } = process.getBuiltinModule("node:zlib");
  const { Script } = process.getBuiltinModule("node:vm");
  const text = new TextDecoder().decode(inflateRawSync(opened.read(opened, part)));
  return new Script(text, { filename: name }).runInThisContext() as Run;
}

function readJson(opened: Opened, part: Part): unknown {
  return JSON.parse(new TextDecoder().decode(opened.read(opened, part)));
}

/** Does `work`; where the program's own file fails it, the error says that and not only how. */
function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new Error(unreadable("cannot read a part of the program", cause), { cause });
  }
}
