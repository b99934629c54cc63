/**
 * What release this is: the one place where it stands.
 *
 * @module
 */

/** The version of all programs of this repository. */
export const VERSION = "0.1.0";

/** The release of Kuma whose behaviour they follow. */
export const KUMA_VERSION = "2.9";

/** The commit that a release was made of; the build of a release writes it in the place of this text. */
export const COMMIT = "@@COMMIT@@";

/** What a program was compiled with and for. */
export interface BuildTarget {
  /** Deno's version. */
  readonly deno: string;
  /** The compiler's name of system and processor: `x86_64-unknown-linux-gnu`. */
  readonly target: string;
  /** What became of the bytecode in the program's file; absent in a program without any. */
  readonly codeCache?: "used" | "refused" | undefined;
}

/** The commit where a release has written one; undefined in any other program. */
export function knownCommit(commit = COMMIT): string | undefined {
  return /^[0-9a-f]{7,64}$/.test(commit) ? commit : undefined;
}

/** The lines of `version --detailed`; ends with a line end. */
export function detailedVersion(
  program: string,
  { deno, target, codeCache }: BuildTarget,
  commit = COMMIT,
): string {
  return [
    `${program} ${VERSION}`,
    `behaves as Kuma ${KUMA_VERSION}`,
    `commit: ${knownCommit(commit) ?? "unknown: not built by a release"}`,
    `deno: ${deno}`,
    `target: ${target}`,
    ...(codeCache === undefined ? [] : [`code cache: ${codeCache}`]),
    "",
  ].join("\n");
}
