/** Builds the module beside it and prints the folder with the program. */
import { buildOnce } from "../go_build.ts";

const dir = await buildOnce({
  what: "hello",
  moduleDir: new URL("./hello", import.meta.url).pathname,
  packages: ["."],
  cachePath: "test/hello",
  variables: ["main.greeting=hello"],
  otherwise: "greet by hand",
});
await Deno.stdout.write(new TextEncoder().encode(dir));
