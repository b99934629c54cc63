import assert from "node:assert/strict";
import { isAtLeast, parseSpecVersion, requireVersion, SUPPORTED_VERSIONS } from "./spec_version.ts";

Deno.test("every supported version is taken, an empty one means 0.1.0", () => {
  for (const version of SUPPORTED_VERSIONS) {
    assert.equal(parseSpecVersion(version), version);
  }
  assert.equal(parseSpecVersion(""), "0.1.0");
});

Deno.test("another version is refused with both sides in the message", () => {
  for (const text of ["2.0.0", "1.1", "1.1.0 ", "x".repeat(10_000)]) {
    assert.throws(
      () => parseSpecVersion(text),
      (error: Error) =>
        /incompatible CNI versions/.test(error.message) &&
        error.message.length < 300,
    );
  }
});

Deno.test("commands exist from their version on", () => {
  assert.equal(isAtLeast("0.4.0", "0.4.0"), true);
  assert.equal(isAtLeast("0.3.1", "0.4.0"), false);
  requireVersion("CHECK", "0.4.0", "0.4.0");
  assert.throws(() => requireVersion("STATUS", "1.0.0", "1.1.0"), {
    code: "KUMA-CNI-004",
  });
});
