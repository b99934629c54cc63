import assert from "node:assert/strict";
import { isNewEnough, missing } from "./setup.ts";

Deno.test("only packages whose probe finds nothing are missing", async () => {
  const needs = [
    { package: "coreutils", probe: "env" },
    { package: "nothing-such", probe: "no-such-program-anywhere" },
    { package: "base-files", probe: "/etc" },
    { package: "no-file", probe: "/etc/hostname/below-a-file" },
  ];
  assert.deepEqual(await missing(needs), ["nothing-such", "no-file"]);
});

Deno.test("versions of Go are compared as numbers", () => {
  for (const version of ["1.24", "1.24.0", "1.26.8", "2.0"]) assert.ok(isNewEnough(version));
  for (const version of ["1.19.8", "1.9", "1.23.12", ""]) assert.ok(!isNewEnough(version));
});
