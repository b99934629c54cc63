import assert from "node:assert/strict";
import fc from "fast-check";
import { attributesOf, attributeText, encodeAttribute, textAttribute } from "./nfnetlink.ts";
import { newObjects } from "./nft_objects.ts";

Deno.test("attributes are read back as they were written, whatever their length", () => {
  const text = fc.stringMatching(/^[A-Za-z0-9_-]{0,40}$/);
  fc.assert(fc.property(text, text, (a, b) => {
    const first = encodeAttribute(textAttribute(1, a)),
      second = encodeAttribute(textAttribute(3, b));
    assert.equal(first.length % 4, 0);
    const read = attributesOf(new Uint8Array([...first, ...second]));
    assert.equal(attributeText(read.get(1)!), a);
    assert.equal(attributeText(read.get(3)!), b);
  }));
});

Deno.test("an attribute that is cut short is not read", () => {
  const whole = encodeAttribute(textAttribute(1, "a long enough name"));
  assert.equal(attributesOf(whole.slice(0, 10)).size, 0);
});

Deno.test("what is new: tables, and chains in old and new tables", () => {
  assert.deepEqual(
    newObjects({ nat: ["OUTPUT"] }, { nat: ["PREROUTING", "OUTPUT"], raw: ["OUTPUT"] }),
    {
      tables: ["raw"],
      chains: [{ table: "raw", chain: "OUTPUT" }, { table: "nat", chain: "PREROUTING" }],
    },
  );
  assert.deepEqual(newObjects({ nat: ["OUTPUT"] }, { nat: ["OUTPUT"] }), {
    tables: [],
    chains: [],
  });
});
