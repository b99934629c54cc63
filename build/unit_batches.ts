/**
 * The unit tests in batches: modules that import many test files each, so that what these share (core, fast-check, the
 * npm packages) is loaded and compiled once for all of them. A file by itself costs 0.2 s before its first test.
 * A failure names the real file and its line all the same.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** So many files cost a fifth of a second a batch, and leave enough batches to share among the processors. */
const FILES_A_BATCH = 15;

/** A property test takes the longest, in CI above all, where it draws thousands of cases. */
const PROPERTY = /\bruns\(/g;

/**
 * Tests that leave something behind by their own word: the next test in the same process would be accused of it.
 * Where a test needs that, its file stays alone.
 */
const LEAVES_SOMETHING = /\bsanitize(?:Ops|Resources|Exit)\b|\bscripted_informer\b/;

/** A module that imports test files: its name and its text. */
export interface Batch {
  readonly name: string;
  readonly text: string;
}

/**
 * Deals test files out to batches, neighbours together, since they share most of what they load. What takes long
 * begins first, so that no processor has to wait for another at the end.
 *
 * @param root the checkout, as an absolute path
 * @param files the test files as paths from there, with what is in them
 * @returns the batches, and the files that stay alone
 */
export function batches(
  root: string,
  files: ReadonlyMap<string, string>,
): { readonly batches: Batch[]; readonly alone: string[] } {
  const alone: string[] = [], together: string[] = [];
  for (const [path, text] of files) (LEAVES_SOMETHING.test(text) ? alone : together).push(path);
  const parts: string[][] = [];
  for (let at = 0; at < together.length; at += FILES_A_BATCH) {
    parts.push(together.slice(at, at + FILES_A_BATCH));
  }
  const weight = (part: readonly string[]) =>
    part.reduce((sum, path) => sum + (files.get(path)?.match(PROPERTY)?.length ?? 0), 0);
  const made = parts.toSorted((a, b) => weight(b) - weight(a)).map((part, index): Batch => ({
    name: `${String(index).padStart(2, "0")}_${part[0]!.split("/").slice(1, -1).join("_")}_test.ts`,
    text: part.map((path) => `import ${JSON.stringify(urlOf(root, path))};\n`).join(""),
  }));
  return { batches: made, alone };
}

/**
 * Writes the batches of these files into `dir`.
 *
 * @returns the modules for `deno test`: the files that stay alone, which wait the longest, and the batches
 */
export async function writeBatches(
  root: string,
  files: readonly string[],
  dir: string,
): Promise<string[]> {
  const texts = new Map<string, string>();
  for (const path of files) texts.set(path, await Deno.readTextFile(join(root, path)));
  const { batches: made, alone } = batches(resolve(root), texts);
  for (const { name, text } of made) await Deno.writeTextFile(join(dir, name), text);
  return [...alone, ...made.map(({ name }) => join(dir, name))];
}

const urlOf = (root: string, path: string) => pathToFileURL(join(root, path)).href;
