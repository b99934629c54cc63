import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import {
  BLOCKS,
  decodeOutcome,
  decodeQuestion,
  encodeAnswer,
  greeting,
  GREETING_SIZE,
  MOST_ANSWERED,
  MOST_BATCH,
} from "./quick_add.ts";

/** A question as the program in front writes it. */
function question(blocks: readonly Uint8Array[], generation = 7, count = blocks.length) {
  const size = 8 + blocks.reduce((sum, block) => sum + 4 + block.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, generation, true);
  view.setUint32(4, count, true);
  let at = 8;
  for (const block of blocks) {
    view.setUint32(at, block.length, true);
    bytes.set(block, at + 4);
    at += 4 + block.length;
  }
  return bytes;
}

const encoded = (texts: readonly string[]) => texts.map((text) => new TextEncoder().encode(text));
const PLAIN = BLOCKS.map((name) => `of ${name}`);

Deno.test("a question is read as it was written, whatever its blocks say", () => {
  const word = fc.string({ unit: "grapheme" }).filter((text) => !/\0|^\uFEFF/.test(text));
  const texts = fc.array(word, { minLength: BLOCKS.length, maxLength: BLOCKS.length });
  fc.assert(
    fc.property(texts, fc.nat(), (texts, generation) => {
      assert.deepEqual(decodeQuestion(question(encoded(texts), generation)), {
        generation,
        ...Object.fromEntries(BLOCKS.map((name, i) => [name, texts[i]])),
      });
    }),
    runs(2000),
  );
});

Deno.test("bytes of anybody are a question or a RangeError, and nothing else", () => {
  const plain = question(encoded(PLAIN));
  // Random bytes, and questions in which some bytes are others.
  const spoilt = fc.array(fc.tuple(fc.nat(plain.length - 1), fc.nat(255)), { maxLength: 6 }).map(
    (changes) => {
      const bytes = plain.slice();
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    },
  );
  const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes));
  fc.assert(
    fc.property(fc.oneof(spoilt, random), (bytes) => {
      try {
        const { generation: _, ...texts } = decodeQuestion(bytes);
        for (const text of Object.values(texts)) assert.doesNotMatch(text, /\0/);
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }),
    runs(5000),
  );
});

Deno.test("what does not fit is no question", () => {
  const plain = encoded(PLAIN);
  for (
    const [bytes, message] of [
      [new Uint8Array(0), /cut short/],
      [question(plain).slice(0, 30), /cut short/],
      [question(plain.slice(1)), /other blocks/],
      [question(plain.slice(1), 7, BLOCKS.length), /cut short/],
      [new Uint8Array([...question(plain), 0]), /more than its blocks/],
      [question([...plain.slice(1), new Uint8Array([0xff])]), /is not UTF-8/],
      [question([...plain.slice(1), new Uint8Array([65, 0])]), /zero byte/],
    ] as const
  ) assert.throws(() => decodeQuestion(bytes), { name: "RangeError", message });
});

Deno.test("an answer begins with its length, and is never longer than what is taken", () => {
  const batch = new Uint8Array([1, 2, 3]);
  const rules = { kind: "rules", passthrough: true, acknowledged: 9, batch } as const;
  const bytes = encodeAnswer({ ...rules, result: "{}" });
  assert.deepEqual([...new Uint32Array(bytes?.slice(0, 20).buffer ?? [])], [21, 3, 1, 9, 2]);
  assert.deepEqual([...bytes?.slice(20) ?? []], [123, 125, 1, 2, 3]);
  assert.deepEqual([...encodeAnswer({ kind: "program" }) ?? []].slice(0, 8), [
    ...[16, 0, 0, 0, 1, 0, 0, 0],
  ]);
  assert.equal(
    encodeAnswer({ ...rules, result: "", batch: new Uint8Array(MOST_BATCH + 1) }),
    undefined,
  );
  const room = MOST_ANSWERED - 20;
  assert.equal(encodeAnswer({ kind: "left alone", result: "x".repeat(room + 1) }), undefined);
  assert.equal(
    encodeAnswer({ kind: "left alone", result: "x".repeat(room) })?.length,
    MOST_ANSWERED,
  );
});

Deno.test("the greeting has room for any version, and an outcome is four numbers", () => {
  assert.equal(greeting().length, GREETING_SIZE);
  assert.equal(greeting().at(-1), 0);
  const bytes = new Uint8Array(new Uint32Array([1, 0, 0, 1500]).buffer);
  assert.deepEqual(decodeOutcome(bytes), { done: true, step: 0, errno: 0, microseconds: 1500 });
});
