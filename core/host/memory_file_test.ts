import assert from "node:assert/strict";
import { run } from "./run.ts";
import { withMemoryFile } from "./memory_file.ts";

const name = "a child reads a file in memory by its path, more than once, and it is gone then";

// The C library stays open.
Deno.test(name, { sanitizeResources: false }, async () => {
  const text = "*nat\n".repeat(200_000);
  const path = await withMemoryFile("rules", text, async (path) => {
    for (let time = 0; time < 2; time++) {
      const { stdout } = await run(["cksum", path]);
      assert.match(stdout, new RegExp(`^[0-9]+ ${text.length} `));
    }
    return path;
  });
  assert.throws(() => Deno.openSync(path));
});
