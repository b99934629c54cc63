/**
 * The checkout's own sources as text, for tests that ask what is mentioned where.
 *
 * @module
 */

/** All TypeScript files below a folder whose name is wanted, one after the other. */
export function sourcesBelow(folder: string, wanted: (name: string) => boolean): string {
  return Deno.readDirSync(folder).map(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return sourcesBelow(path, wanted);
    return name.endsWith(".ts") && wanted(name) ? `${Deno.readTextFileSync(path)}\n` : "";
  }).toArray().join("");
}

/** No test. */
export function isSource(name: string): boolean {
  return !name.endsWith("_test.ts");
}
