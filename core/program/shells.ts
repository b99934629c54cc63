/**
 * The shells that completion scripts are made for; apart, as the table of commands names them at each start.
 *
 * @module
 */

/** Their names, in the order of help. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of {@linkcode SHELLS}. */
export type Shell = typeof SHELLS[number];
