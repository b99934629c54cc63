/**
 * What the API server's version allows.
 *
 * @module
 */

/** The two fields of `/version` that matter. */
export interface ServerVersion {
  readonly major: string;
  readonly minor: string;
}

/**
 * Native sidecars (restartable init containers) are on by default from 1.29. Managed servers write
 * suffixes such as `29+`; the number before them counts.
 */
export function knowsNativeSidecars(version: ServerVersion): boolean {
  const major = Number.parseInt(version.major, 10);
  const minor = Number.parseInt(version.minor, 10);
  return major > 1 || major === 1 && minor >= 29;
}
