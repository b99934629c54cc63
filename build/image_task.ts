/**
 * `deno task image [component] [--arch amd64|arm64] [--tag NAME]`: an image of a component (the webhook where
 * none is named) in podman's own store; its name is printed on stdout.
 *
 * @module
 */
import { makeImage, parseImageArgs } from "./image.ts";
import { exitOnError, ROOT } from "./task.ts";

if (import.meta.main) {
  await exitOnError(async () => {
    const { tag } = await makeImage(ROOT, parseImageArgs(Deno.args));
    Deno.stdout.writeSync(new TextEncoder().encode(`${tag}\n`));
  });
}
