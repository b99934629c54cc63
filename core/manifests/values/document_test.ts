import assert from "node:assert/strict";
import { valuesDocument } from "./document.ts";

Deno.test("docs/values.md is what the table of values says", async () => {
  const path = new URL("../../../docs/values.md", import.meta.url);
  const hint = "write it anew: UPDATE_DOCS=1 deno test -A core/manifests";
  if (Deno.env.get("UPDATE_DOCS") === "1") await Deno.writeTextFile(path, valuesDocument());
  assert.ok(await Deno.readTextFile(path) === valuesDocument(), hint);
});
