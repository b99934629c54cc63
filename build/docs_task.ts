/** `deno task docs`: writes what is made of the tables of this repository, in docs. */
import { writeAll } from "core/program/write_all.ts";
import { generatedDocs } from "./docs/generated.ts";
import { ROOT } from "./task.ts";

for (const [folder, files] of generatedDocs()) {
  Deno.mkdirSync(`${ROOT}/${folder}`, { recursive: true });
  const known = [...Deno.readDirSync(`${ROOT}/${folder}`)].filter(({ isFile }) => isFile);
  for (const { name } of known) if (!files.has(name)) Deno.removeSync(`${ROOT}/${folder}/${name}`);
  for (const [name, text] of files) Deno.writeTextFileSync(`${ROOT}/${folder}/${name}`, text);
  writeAll(Deno.stdout, `${folder}: ${files.size} files are written\n`);
}
