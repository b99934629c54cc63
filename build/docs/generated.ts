/**
 * All files of docs that are made of tables, so that `deno task docs` can write them and a test can hold them in step.
 *
 * @module
 */
import { PROGRAMS } from "./programs.ts";
import { referencePages } from "./reference.ts";
import { schemaTexts } from "./schemas.ts";

/** Texts of files by name, by the folder that has these files and no others. */
export function generatedDocs(): Map<string, Map<string, string>> {
  return new Map([
    ["docs/reference", referencePages(PROGRAMS)],
    ["docs/schemas", schemaTexts()],
  ]);
}
