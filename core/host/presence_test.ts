import assert from "node:assert/strict";
import { isFile, statOrNothing } from "./presence.ts";

Deno.test("a file, a folder, a link into nothing, and a place that cannot be looked at", async () => {
  const folder = await Deno.makeTempDir({ prefix: "presence-" });
  try {
    await Deno.writeTextFile(`${folder}/file`, "");
    await Deno.symlink("nowhere", `${folder}/link`);
    assert.deepEqual(["file", "", "link", "none"].map((name) => isFile(`${folder}/${name}`)), [
      ...[true, false, false, false],
    ]);
    assert.equal(statOrNothing(`${folder}/link`)?.isSymlink, true);
    assert.equal(statOrNothing(`${folder}/none`), undefined);
    // A path through a file is an error, and no absence.
    assert.throws(() => isFile(`${folder}/file/x`), Deno.errors.NotADirectory);
    assert.throws(() => statOrNothing(`${folder}/file/x`), Deno.errors.NotADirectory);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
