/**
 * Whether something is on the disk. Only "not found" is an absence: whatever else keeps us from looking is an error.
 *
 * @module
 */

/** Whether a plain file is there, links followed. Throws a `Deno.errors.…` where that cannot be known. */
export function isFile(path: string): boolean {
  return orNothing(() => Deno.statSync(path))?.isFile ?? false;
}

/** What is there, a link being one; undefined where nothing is. Throws a `Deno.errors.…` where that cannot be known. */
export function statOrNothing(path: string): Deno.FileInfo | undefined {
  return orNothing(() => Deno.lstatSync(path));
}

function orNothing(look: () => Deno.FileInfo): Deno.FileInfo | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
