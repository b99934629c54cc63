/**
 * `deno task release [component…] [--arch amd64|arm64]`: archives of the components (all where none is named)
 * in `dist/release/`, with checksums; their paths are printed on stdout.
 *
 * @module
 */
import { parseBuildArgs } from "./build.ts";
import { release } from "./release.ts";
import { exitOnError, ROOT } from "./task.ts";

if (import.meta.main) {
  await exitOnError(async () => {
    const made = await release(ROOT, parseBuildArgs(Deno.args));
    const paths = made.map(({ path }) => `${path}\n`).join("");
    Deno.stdout.writeSync(new TextEncoder().encode(paths));
  });
}
