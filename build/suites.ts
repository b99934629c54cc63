/**
 * The test suites of the checkout: `unit` for the tests beside their sources, and one for each folder
 * of `tests/`.
 *
 * @module
 */
import { join } from "node:path";
import { KumaError } from "core/errors.ts";

/** A suite: its name and its test files as sorted `./…` paths from the checkout's root. */
export interface Suite {
  name: string;
  files: string[];
}

const SKIPPED = new Set(["dist", "node_modules", "testdata"]);

/** Finds the suites below `root`: `unit` first, `build` next, then the others by name. */
export async function findSuites(root: string): Promise<Suite[]> {
  const suites = new Map<string, string[]>();
  for await (const file of testFiles(root, ".")) {
    const [top, folder] = file.slice(2).split("/");
    const name = top === "tests" && folder !== undefined ? folder : "unit";
    suites.set(name, [...suites.get(name) ?? [], file]);
  }
  const rank = (name: string) => ["unit", "build"].indexOf(name) + 1 || 3;
  return [...suites].map(([name, files]) => ({ name, files: files.sort() }))
    .sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
}

/**
 * The suites to run: those named, or all.
 *
 * @throws {KumaError} `KUMA-BUILD-007` for a name that is no suite
 */
export function chooseSuites(all: Suite[], names: string[]): Suite[] {
  const unknown = names.find((name) => !all.some((suite) => suite.name === name));
  if (unknown !== undefined) {
    throw new KumaError("KUMA-BUILD-007", `Cannot test "${unknown}": there is no such suite`, {
      hint: `there is ${all.map(({ name }) => name).join(", ")}`,
    });
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

/** Suites that have the machine for themselves: one compiles programs, the other fills all processors. */
const ALONE: ReadonlySet<string> = new Set(["unit", "build"]);
/** Suites that wait for API servers and nodes most of the time. */
const WAITING: ReadonlySet<string> = new Set([
  ...["cluster", "controller", "e2e", "kube", "node", "soak"],
]);
/** Suites that use no program that is built from Go modules: they go ahead while these are being built. */
const AHEAD: ReadonlySet<string> = new Set(["ebpf", "kernel"]);

/** Suites in the order in which they run: `first`, one by one; then two rows beside each other. */
export interface Rows {
  readonly first: readonly Suite[];
  /** Its output is seen as it comes. */
  readonly front: readonly Suite[];
  /** What these print is kept back until each has ended. */
  readonly beside: readonly Suite[];
  /** Whether these begin only when all programs are built: before that, they would keep the other row from beginning. */
  readonly patient: boolean;
}

/** Deals the suites out to rows; where only such are chosen that wait, the longest runs beside the rest of them. */
export function rowsOf(suites: readonly Suite[]): Rows {
  const first = suites.filter(({ name }) => ALONE.has(name));
  const waiting = suites.filter(({ name }) => WAITING.has(name));
  const others = suites.filter((suite) => !first.includes(suite) && !waiting.includes(suite));
  if (others.length === 0) {
    const longest = waiting.find(({ name }) => name === "node") ?? waiting.at(-1);
    return {
      first,
      front: longest === undefined ? [] : [longest],
      beside: waiting.filter((suite) => suite !== longest),
      patient: true,
    };
  }
  const rank = ({ name }: Suite) => AHEAD.has(name) ? 0 : 1;
  const front = others.sort((a, b) => rank(a) - rank(b));
  return { first, front, beside: waiting, patient: false };
}

async function* testFiles(root: string, folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    if (isDirectory && !name.startsWith(".") && !SKIPPED.has(name)) {
      yield* testFiles(root, `${folder}/${name}`);
    } else if (name.endsWith("_test.ts")) {
      yield `${folder}/${name}`;
    }
  }
}
