/**
 * The deliberate differences from Kuma 2.9, as data: docs/differences.md is made of them.
 *
 * @module
 */

/** One difference that somebody who comes from Kuma 2.9 may notice. */
export interface Difference {
  /** What it is about: a flag, key, annotation or situation. */
  readonly what: string;
  /** What Kuma 2.9 does. */
  readonly kuma: string;
  readonly here: string;
  /** Why it is not as there. */
  readonly why: string;
  /** What a person does about it; `nothing` where it only helps. */
  readonly todo: string;
}

/** Differences of one program or kind of input. */
export interface DifferenceSection {
  readonly title: string;
  readonly differences: readonly Difference[];
}

const NOTHING = "nothing";

/** A row in the order of the table; without a last cell there is nothing to do. */
export function difference(
  what: string,
  kuma: string,
  here: string,
  why: string,
  todo: string = NOTHING,
): Difference {
  return { what, kuma, here, why, todo };
}
