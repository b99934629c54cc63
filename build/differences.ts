/** `deno task differences`: writes docs/differences.md. */
import { differencesPage } from "./differences/page.ts";
import { writeAll } from "core/program/write_all.ts";
import { ROOT } from "./task.ts";

Deno.writeTextFileSync(`${ROOT}/docs/differences.md`, differencesPage());
writeAll(Deno.stdout, "docs/differences.md is written\n");
