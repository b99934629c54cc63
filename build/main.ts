/**
 * `deno task build [component…] [--arch amd64|arm64]`: compiles the components (all where none is named)
 * to `dist/linux-<arch>/`. Exit code 1 and one line on stderr when it cannot.
 *
 * @module
 */
import { build, parseBuildArgs } from "./build.ts";
import { exitOnError, ROOT } from "./task.ts";

if (import.meta.main) await exitOnError(() => build(ROOT, parseBuildArgs(Deno.args)));
