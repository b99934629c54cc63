/**
 * Words for the kernel's refusals.
 *
 * @module
 */

const WORDS: Readonly<Record<number, string>> = {
  1: "operation not permitted (is CAP_SYS_CHROOT there?)",
  2: "the program or its loader is not there",
  8: "it is no program for this processor",
  13: "permission denied (is the file system mounted noexec?)",
  20: "a part of the path is no directory",
};

/** `errnoOf(-2)`: what a call's negative result means. */
export function errnoOf(result: number): string {
  return WORDS[-result] ?? `errno ${-result}`;
}
