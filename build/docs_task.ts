/** `deno task docs`: writes what is made of the tables of this repository, in docs. */
import { dirname } from "node:path";
import { writeAll } from "core/program/write_all.ts";
import { GENERATED_FOLDERS, generatedDocs } from "./docs/generated.ts";
import { ROOT } from "./task.ts";

const files = generatedDocs();
for (const path of files.keys()) Deno.mkdirSync(`${ROOT}/${dirname(path)}`, { recursive: true });
for (const folder of GENERATED_FOLDERS) {
  for (const { name } of Deno.readDirSync(`${ROOT}/${folder}`)) {
    const path = `${folder}/${name}`;
    if (files.has(path)) continue;
    Deno.removeSync(`${ROOT}/${path}`);
    writeAll(Deno.stdout, `${path} is removed\n`);
  }
}
for (const [path, text] of files) Deno.writeTextFileSync(`${ROOT}/${path}`, text);
writeAll(Deno.stdout, `${files.size} files in docs are written\n`);
