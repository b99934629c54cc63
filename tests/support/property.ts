/**
 * How many cases a property test draws, and from which seed: one place for all of them.
 *
 * A person's run draws 300, so that the unit tests stay quick; with `CI=true` each draws as many as it asks for.
 * `PROPERTY_RUNS` sets the number for all of them (`PROPERTY_RUNS=1000000 deno test -A FILE` for a hunt), and
 * `PROPERTY_SEED` the seed that a failure has printed.
 *
 * @module
 */

const QUICK = 300;

/** What fast-check is told. */
export interface Runs {
  readonly numRuns: number;
  readonly seed?: number;
}

/**
 * The parameters of a property test that draws `inCi` cases in CI.
 *
 * @param env where the variables are looked up
 * @throws {RangeError} where a variable holds no number
 */
export function runs(
  inCi: number,
  env: (name: string) => string | undefined = (name) => Deno.env.get(name),
): Runs {
  const wanted = whole("PROPERTY_RUNS", env), seed = whole("PROPERTY_SEED", env);
  const numRuns = wanted ?? (env("CI") === "true" ? inCi : Math.min(inCi, QUICK));
  return seed === undefined ? { numRuns } : { numRuns, seed };
}

/**
 * Random numbers in [0, 1) for moments that a test chooses, as the moment of a kill. The seed is `PROPERTY_SEED`,
 * or drawn and handed to `say`, so that a failure's output names it. Source: mulberry32.
 *
 * @param say where the seed is told
 * @throws {RangeError} where the variable holds no number
 */
export function randomFrom(
  say: (line: string) => void = (line) =>
    void Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`)),
  env: (name: string) => string | undefined = (name) => Deno.env.get(name),
): () => number {
  let state = whole("PROPERTY_SEED", env) ?? Math.floor(Math.random() * 2 ** 31);
  say(`random moments: PROPERTY_SEED=${state}`);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function whole(name: string, env: (name: string) => string | undefined): number | undefined {
  const text = env(name) ?? "";
  if (text === "") return undefined;
  if (/^-?\d{1,12}$/.test(text)) return Number(text);
  throw new RangeError(`Cannot use ${name} "${text}": it must be a whole number`);
}
