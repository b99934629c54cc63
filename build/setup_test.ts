import assert from "node:assert/strict";
import { isNewEnough, isThere, missing, setUpDemo } from "./setup.ts";

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

Deno.test("who is not root learns it before the demo downloads anything", async () => {
  await assert.rejects(() => setUpDemo(1000), /^KumaError: The demo needs root/);
});

Deno.test("a folder of the PATH that may not be entered has no program, as in a shell", async () => {
  const refuse = () => Promise.reject(new Deno.errors.PermissionDenied("no"));
  assert.equal(await isThere("/closed/ip", refuse), false);
  await assert.rejects(() => isThere("/broken/ip", () => Promise.reject(new Error("I/O error"))));
});
