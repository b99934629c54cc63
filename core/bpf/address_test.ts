import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalAddress } from "core/rules/address.ts";
import { runs } from "tests/support/property.ts";
import { addressText, contains, mappedAddress, mappedPrefix } from "./address.ts";

Deno.test("an address becomes 16 bytes and is the same address again", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const again = addressText(mappedAddress(text));
      // IPv6 that stands for IPv4 is that address.
      if (/^::ffff:\d+\./i.test(text)) return;
      const expected = canonicalAddress(text);
      const mapped = expected.startsWith("0:0:0:0:0:ffff:");
      if (!mapped) assert.equal(canonicalAddress(again), expected);
    }),
    runs(2000),
  );
});

Deno.test("texts are the usual ones", () => {
  for (
    const text of ["10.1.2.3", "::", "::1", "fd00::", "fd00::1:0:0:1", "1:0:2:3:4:5:6:7"]
  ) assert.equal(addressText(mappedAddress(text)), text);
  assert.equal(addressText(mappedAddress("1:0:0:2:0:0:0:3")), "1:0:0:2::3");
  assert.equal(addressText(mappedAddress("::ffff:10.0.0.1")), "10.0.0.1");
});

Deno.test("a prefix of IPv4 counts from bit 96, and has no host bits", () => {
  const { bytes, bits } = mappedPrefix("10.1.2.3/8");
  assert.deepEqual([bits, addressText(bytes)], [104, "10.0.0.0"]);
  assert.equal(mappedPrefix("0.0.0.0/0").bits, 96);
  assert.equal(mappedPrefix("::/0").bits, 0);
});

Deno.test("what is no address is refused", () => {
  for (const text of ["", "10.0.0", "10.0.0.0/33", "x", "::1%lo"]) {
    assert.throws(() => mappedPrefix(text), TypeError);
  }
  assert.throws(() => mappedAddress("10.0.0.0/8"), /not one IP address/);
});

Deno.test("containment goes by the shorter prefix's bits", () => {
  const is = (outer: string, inner: string) => contains(mappedPrefix(outer), mappedPrefix(inner));
  assert(is("10.0.0.0/8", "10.1.0.0/16"));
  assert(is("10.0.0.0/8", "10.0.0.0/8"));
  assert(is("::/0", "10.0.0.0/8"));
  assert(!is("10.1.0.0/16", "10.0.0.0/8"));
  assert(!is("10.1.0.0/17", "10.1.128.0/17"));
  assert(!is("fd00::/8", "10.0.0.1"));
});
