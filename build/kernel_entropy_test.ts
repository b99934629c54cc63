import assert from "node:assert/strict";
import { takeEntropyFromKernel } from "./kernel_entropy.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const ROOT = "/".padEnd("/dev/sysgenid\0".length, "\0");

Deno.test("the device's name gives way to /, and no other byte moves", () => {
  const runtime = bytes("pss_asn1.c\0/dev/sysgenid\0rcbuf\0");
  assert.equal(takeEntropyFromKernel(runtime), true);
  assert.deepEqual(runtime, bytes(`pss_asn1.c\0${ROOT}rcbuf\0`));
});

Deno.test("a part of a larger buffer is changed within its bounds only", () => {
  const whole = bytes("/dev/sysgenid\0/dev/sysgenid\0");
  assert.equal(takeEntropyFromKernel(whole.subarray(14)), true);
  assert.deepEqual(whole, bytes(`/dev/sysgenid\0${ROOT}`));
});

Deno.test("a runtime that names it never, twice, or in a longer name stays as it is", () => {
  for (
    const text of ["", "/dev/sysgenid", "/dev/sysgenid0\0", "/dev/sysgenid\0 /dev/sysgenid\0"]
  ) {
    const runtime = bytes(text);
    assert.equal(takeEntropyFromKernel(runtime), false, text);
    assert.deepEqual(runtime, bytes(text));
  }
});
