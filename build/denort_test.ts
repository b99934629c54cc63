import assert from "node:assert/strict";
import { checked, pinFiles } from "./denort_npm.ts";
import { sha256 } from "./io.ts";
import { peel } from "./peel.ts";
import { TARGETS } from "./pins.ts";

/** A runtime of 64 bytes that ends with its (empty) section header table, a payload, and the trailer. */
function program(payload: number[] = [1, 2, 3]): Uint8Array {
  const bytes = new Uint8Array(64 + payload.length + 24);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(40, 64n, true);
  bytes.set(payload, 64);
  bytes.set(new TextEncoder().encode("d3n0l4nd"), 64 + payload.length);
  view.setBigUint64(bytes.length - 8, BigInt(payload.length + 24), true);
  return bytes;
}

Deno.test("the runtime is all before the payload", () => {
  assert.deepEqual(peel(program()), program().subarray(0, 64));
  assert.deepEqual(peel(program([])), program().subarray(0, 64));
});

Deno.test("a program without a sound trailer has no runtime to give", () => {
  const noMagic = program();
  noMagic[67] = 0;
  const tooLong = program();
  tooLong[tooLong.length - 7] = 9;
  const otherEnd = program();
  otherEnd[40] = 60;
  for (const bytes of [noMagic, tooLong, otherEnd, new Uint8Array(10)]) {
    assert.throws(() => peel(bytes), { code: "KUMA-BUILD-002" });
  }
});

Deno.test("a runtime that is not the pinned one to the last bit is refused", () => {
  const bytes = program();
  const denort = { size: 64, sha256: sha256(peel(bytes)) };
  assert.deepEqual(checked({ denort }, bytes), peel(bytes));
  bytes[5] = 1;
  assert.throws(() => checked({ denort }, bytes), { code: "KUMA-BUILD-003", message: /sha256/ });
});

Deno.test("the lock file pins the tarball by its sha512", () => {
  for (const target of Object.values(TARGETS)) {
    const { config, lock } = pinFiles(target);
    const exact = `${target.npm.name}@${target.npm.version}`;
    assert.deepEqual(JSON.parse(config).imports, { runtime: `npm:${exact}` });
    assert.equal(JSON.parse(lock).npm[exact].integrity, target.npm.integrity);
    assert.match(target.npm.integrity, /^sha512-.{88}$/);
  }
});
