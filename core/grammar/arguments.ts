/**
 * Go's rules for flags on top of commander's: a bool flag takes a value only with `=`, every other flag
 * takes the next word whatever it looks like, and the root command's flags may stand anywhere.
 *
 * @module
 */

import { parseBool } from "core/grammar/switches.ts";

/**
 * Rewrites the words of a command line so that every flag carries its value with `=` and bool flags carry
 * `true` where nothing is said. Flags of the root command are dropped. Words that start with a dash and
 * are no known flag stay, so that commander reports them. `--help=false` is dropped, as Go does. Nothing after
 * `--` is looked at.
 *
 * @param flags those of the command
 * @param ignored flags of the root command that have no effect, by whether they take a value
 */
export function normalise(
  words: readonly string[],
  flags: readonly { readonly name: string; readonly bool: boolean }[],
  ignored: ReadonlyMap<string, boolean> = new Map(),
): string[] {
  const bools = new Map(flags.map(({ name, bool }) => [name, bool]));
  const result: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word === "--") return [...result, ...words.slice(index)];
    const { name, inline } = splitFlag(word);
    if (name === undefined) {
      result.push(word);
      continue;
    }
    if (name === "help" && inline) {
      if (parseBool(word.slice("--help=".length))) result.push("--help");
      continue;
    }
    const bool = bools.get(name);
    const rootValue = bool === undefined ? ignored.get(name) : undefined;
    const takesNext = !inline && (bool === false || rootValue === true);
    const next = words[index + 1];
    if (takesNext && next !== undefined) index++;
    if (rootValue !== undefined) continue;
    if (takesNext && next !== undefined) result.push(`${word}=${next}`);
    else result.push(!inline && bool === true ? `${word}=true` : word);
  }
  return result;
}

function splitFlag(word: string): { name: string | undefined; inline: boolean } {
  if (!word.startsWith("--")) return { name: undefined, inline: false };
  const equals = word.indexOf("=");
  return { name: word.slice(2, equals < 0 ? undefined : equals), inline: equals >= 0 };
}
