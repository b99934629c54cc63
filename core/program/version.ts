/**
 * What a program says when it is asked for its version.
 *
 * @module
 */
import { detailedVersion, knownCommit, KUMA_VERSION, VERSION } from "../version.ts";
import { codeCacheState } from "./code_cache.ts";
import type { Document } from "./output.ts";

/** What `version -o json` prints. */
export interface VersionDocument extends Document {
  readonly schema: "kuma.io/version/v1";
  /** Name of the program's file: `kumactl`. */
  readonly program: string;
  readonly version: string;
  /** The release of Kuma whose behaviour it follows. */
  readonly behavesAsKuma: string;
  /** The commit that the release was made of; absent in a program that no release made. */
  readonly commit?: string | undefined;
  /** Version of the Deno runtime in it. */
  readonly deno: string;
  /** The compiler's name of system and processor: `x86_64-unknown-linux-gnu`. */
  readonly target: string;
  /**
   * Whether the runtime took the bytecode in the program's file; where it was refused, the program starts slower. Absent
   * in a program without any.
   */
  readonly codeCache?: "used" | "refused" | undefined;
}

/** What there is to know of this program. */
export function versionDocument(program: string): VersionDocument {
  return {
    schema: "kuma.io/version/v1",
    program,
    version: VERSION,
    behavesAsKuma: KUMA_VERSION,
    commit: knownCommit(),
    deno: Deno.version.deno,
    target: Deno.build.target,
    codeCache: codeCacheState(),
  };
}

/**
 * What `version` prints, with a line end: the version alone, so that scripts can use it, or with `detailed`
 * also commit, runtime and target.
 */
export function versionText(program: string, detailed: boolean): string {
  if (!detailed) return `${VERSION}\n`;
  return detailedVersion(program, {
    ...{ deno: Deno.version.deno, target: Deno.build.target, codeCache: codeCacheState() },
  });
}
