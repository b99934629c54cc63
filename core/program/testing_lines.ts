/**
 * Holds the quick way of reading a command line against the library that reads any.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Chosen, namedWords, plainCommand } from "./command_line.ts";
import { parseWords } from "./command_parser.ts";
import type { Program } from "./program.ts";
import { FakeIo } from "./testing.ts";
import { UsageError } from "./usage_error.ts";

/** How many lines were of either kind: a run that has met only one of them says nothing. */
export interface Met {
  plain: number;
  others: number;
}

/** Whatever plain line there is, both read the same. Counts in `met`. */
export function readAlike<Name extends string>(
  program: Program<Name>,
  met: Met,
): fc.IProperty<[string[]]> {
  return fc.property(anyLine(program), (line) => {
    const named = namedOrUndefined(program, line);
    if (named === undefined) return;
    const chosen = plainCommand(program, named);
    if (chosen === undefined) return void met.others++;
    met.plain++;
    assert.deepEqual(told(chosen), told(parseWords(program, named, new FakeIo())));
  });
}

/** Commands of the program with flags of theirs, of others, and of none, in and out of order. */
function anyLine<Name extends string>({ commands }: Program<Name>): fc.Arbitrary<string[]> {
  const names = Object.keys(commands) as Name[];
  const value = fc.oneof(
    fc.constantFrom("true", "false", "", "1", "a=b", "--", "-", "--help", "line\nline", "-o"),
    fc.string({ maxLength: 4 }),
  );
  return fc.constantFrom(...names).chain((name) => {
    const flags = commands[name].flags;
    const own = flags.length === 0
      ? fc.constant<string[]>(["--none"])
      : fc.constantFrom(...flags).chain(
        (flag) =>
          fc.oneof(
            value.map((text) => [`--${flag.name}=${text}`]),
            value.map((text) => flag.bool ? [`--${flag.name}`] : [`--${flag.name}`, text]),
          ),
      );
    const stray = fc.oneof(value, fc.constantFrom("-h", "-o=json", "--nope", "--nope=1", "word"));
    const some = fc.array(own, { maxLength: 4 }).map((list) => list.flat());
    const needed = flags.filter(({ required }) => required === true)
      .map((flag) => `--${flag.name}=needed`);
    return fc.oneof(
      some.map((list) => [...name.split(" "), ...needed, ...list]),
      some.map((list) => [...name.split(" "), ...list]),
      fc.tuple(some, stray, fc.nat(6)).map(([list, word, at]) =>
        [...name.split(" "), ...list].toSpliced(at, 0, word)
      ),
    );
  });
}

function namedOrUndefined<Name extends string>(program: Program<Name>, line: readonly string[]) {
  try {
    return namedWords(program, line);
  } catch {
    // Such as --help=maybe: nothing is read then.
    return undefined;
  }
}

function told(chosen: Chosen<string> | undefined): unknown {
  if (chosen === undefined) throw new UsageError("the library showed help");
  return { name: chosen.name, flags: chosen.parsed.flags, words: chosen.parsed.words };
}
