/**
 * One line of the table of settings.
 *
 * @module
 */
import type { Kind } from "./kinds.ts";

/** Where a setting is found, how it is read, and what it is where nobody says. */
export interface Setting<T> {
  /** Path in the YAML document. */
  readonly key: string;
  readonly env: string;
  readonly kind: Kind<T>;
  readonly initial: T;
}

/** A line, in the order of the table's columns. */
export function at<T>(key: string, env: string, kind: Kind<T>, initial: T): Setting<T> {
  return { key, env, kind, initial };
}
