/**
 * All files of docs that are made of tables, so that `deno task docs` can write them and a test can hold them in step.
 *
 * @module
 */
import { ROOT } from "../task.ts";
import { checksPage } from "./checks_page.ts";
import { dashboardFile } from "./monitoring/dashboard.ts";
import { metricsPage } from "./monitoring/metrics_page.ts";
import { rulesFile } from "./monitoring/rules.ts";
import { PROGRAMS } from "./programs.ts";
import { referencePages } from "./reference.ts";
import { schemaTexts } from "./schemas.ts";
import { valuesPage } from "./values_page.ts";

/** Folders that have files of {@linkcode generatedDocs} and no others. */
export const GENERATED_FOLDERS = ["docs/monitoring", "docs/reference", "docs/schemas"] as const;

/** Their texts by path from the checkout's root. */
export function generatedDocs(): Map<string, string> {
  const [monitoring, reference, schemas] = GENERATED_FOLDERS;
  const files = new Map([
    ["docs/check.md", checksPage(Deno.readTextFileSync(`${ROOT}/docs/check.md`))],
    ["docs/metrics.md", metricsPage()],
    ["docs/values.md", valuesPage()],
  ]);
  const add = (folder: string, texts: Iterable<readonly [string, string]>) => {
    for (const [name, text] of texts) files.set(`${folder}/${name}`, text);
  };
  add(monitoring, [dashboardFile(), rulesFile()]);
  add(reference, referencePages(PROGRAMS));
  add(schemas, schemaTexts());
  return files;
}
