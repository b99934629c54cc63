import assert from "node:assert/strict";
import fc from "fast-check";
import { anyCharacter } from "core/text/testing/any_character.ts";
import { runs } from "tests/support/property.ts";
import { messagesOf } from "./batch.ts";
import { attributesOf, type Bytes, numberOf, textOf } from "./wire.ts";
import { NetlinkWriter } from "./writer.ts";

/** Attributes without a message. */
function written(write: (to: NetlinkWriter) => void): Bytes {
  const to = new NetlinkWriter();
  write(to);
  return to.finish();
}

Deno.test("attributes are read back as they were written, whatever their length", () => {
  const name = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9_-]{0,40}$/),
    fc.string({ unit: anyCharacter, maxLength: 40 }).map((text) =>
      text.toWellFormed().replaceAll("\0", "")
    ),
  );
  const data = fc.uint8Array({ maxLength: 40 });
  // Many messages, so that the buffer grows more than once.
  const one = fc.tuple(name, name, fc.integer({ min: -5, max: 0x7fffffff }), data);
  fc.assert(
    fc.property(fc.array(one, { maxLength: 60, size: "max" }), (all) => {
      const bytes = written((to) => {
        for (const [a, b, n, data] of all) {
          to.message(7, 2, 1);
          to.text(1, a);
          const nest = to.begin(3);
          to.text(1, b);
          to.number(2, n);
          to.end(nest);
          to.data(4, data.toHex());
        }
      });
      const messages = messagesOf(bytes)!;
      assert.equal(messages.length, all.length);
      for (const [i, { type, flags, body }] of messages.entries()) {
        const [a, b, n, data] = all[i]!;
        assert.deepEqual([type, flags, body.length % 4], [7, 3, 0]);
        const read = attributesOf(body.subarray(4));
        assert.equal(textOf(read.get(1)!), a);
        const nested = attributesOf(read.get(3)!);
        assert.equal(textOf(nested.get(1)!), b);
        assert.equal(numberOf(nested.get(2)!), n);
        assert.deepEqual([...read.get(4)!], [...data]);
      }
    }),
    runs(100),
  );
});

Deno.test("an attribute that is cut short is refused, one that is too long or no data is not written", () => {
  const whole = written((to) => to.text(1, "a long enough name"));
  assert.throws(() => attributesOf(whole.slice(0, 10)), RangeError);
  assert.throws(() => written((to) => to.text(1, "x".repeat(70_000))), /too long/);
  for (const text of ["abc", "0g", "00000000-1"]) {
    assert.throws(() => written((to) => to.data(1, text)), SyntaxError, text);
  }
});
