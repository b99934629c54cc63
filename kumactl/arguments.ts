/**
 * Go's rules for flags on top of commander's: a bool flag takes a value only with `=`, every other flag
 * takes the next word whatever it looks like, and the root command's flags may stand anywhere.
 *
 * @module
 */

import { parseBool } from "core/grammar/switches.ts";

/** Flags of the root command that are taken and have no effect, by whether they take a value. */
const ROOT_FLAGS: ReadonlyMap<string, boolean> = new Map([
  ["log-level", true],
  ["api-timeout", true],
  ["no-config", false],
  ["config-file", true],
]);

/** What {@linkcode normalise} has to know of a command's flags. */
export interface FlagKinds {
  /** Names of bool flags, without dashes. */
  readonly bools: ReadonlySet<string>;
  /** Names of flags with a value. */
  readonly valued: ReadonlySet<string>;
}

/**
 * Rewrites the words of a command line so that every flag carries its value with `=` and bool flags carry
 * `true` where nothing is said. Flags of the root command are dropped. Words that start with a dash and
 * are no known flag stay, so that commander reports them. `--help=false` is dropped, as Go does. Nothing after `--` is looked at.
 */
export function normalise(words: readonly string[], kinds: FlagKinds): string[] {
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
    const rootValue = kinds.bools.has(name) || kinds.valued.has(name)
      ? undefined
      : ROOT_FLAGS.get(name);
    const takesNext = !inline && (kinds.valued.has(name) || rootValue === true);
    const next = words[index + 1];
    if (takesNext && next !== undefined) index++;
    if (rootValue !== undefined) continue;
    if (takesNext && next !== undefined) result.push(`${word}=${next}`);
    else result.push(!inline && kinds.bools.has(name) ? `${word}=true` : word);
  }
  return result;
}

function splitFlag(word: string): { name: string | undefined; inline: boolean } {
  if (!word.startsWith("--")) return { name: undefined, inline: false };
  const equals = word.indexOf("=");
  return { name: word.slice(2, equals < 0 ? undefined : equals), inline: equals >= 0 };
}
