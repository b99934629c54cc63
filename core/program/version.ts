/**
 * What a program says when it is asked for its version.
 *
 * @module
 */
import { detailedVersion, VERSION } from "../version.ts";

/**
 * What `version` prints, with a line end: the version alone, so that scripts can use it, or with `detailed`
 * also commit, runtime and target.
 */
export function versionText(program: string, detailed: boolean): string {
  if (!detailed) return `${VERSION}\n`;
  return detailedVersion(program, { deno: Deno.version.deno, target: Deno.build.target });
}
