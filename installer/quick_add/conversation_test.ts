import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeAnswer, GREETING_SIZE, MOST_ASKED, OUTCOME_SIZE } from "core/cni/quick_add.ts";
import type { PodView } from "core/kube/pod.ts";
import { runs } from "tests/support/property.ts";
import { converse } from "./conversation.ts";
import { question } from "./testing.ts";

const POD: PodView = {
  ...{ namespace: "a", name: "a", uid: "a", initContainers: [], containers: ["kuma-sidecar"] },
  annotations: { "kuma.io/sidecar-injected": "true" },
};

/** A connection that gives these bytes, in pieces of at most so many, and then ends; and what was written to it. */
function connectionOf(bytes: Uint8Array, piece: number) {
  let at = 0;
  const written: number[] = [];
  return {
    written,
    read(into: Uint8Array): Promise<number | null> {
      if (at === bytes.length) return Promise.resolve(null);
      const part = bytes.subarray(at, at + Math.min(piece, into.length));
      into.set(part);
      at += part.length;
      return Promise.resolve(part.length);
    },
    write(from: Uint8Array): Promise<number> {
      for (const byte of from) written.push(byte);
      return Promise.resolve(from.length);
    },
  };
}

const talk = (bytes: Uint8Array, piece = 4096) => {
  const connection = connectionOf(bytes, piece);
  return { connection, end: converse(connection, () => Promise.resolve(POD)) };
};

Deno.test("a question in single bytes is answered as one that comes at once, and its outcome is heard", async () => {
  const done = new Uint8Array(new Uint32Array([1, 0, 0, 1234]).buffer);
  assert.equal(done.length, OUTCOME_SIZE);
  for (const piece of [1, 7, 100_000]) {
    const { connection, end } = talk(new Uint8Array([...question(), ...done]), piece);
    const ended = await end;
    assert.ok("decision" in ended);
    assert.deepEqual(ended.outcome, { done: true, step: 0, errno: 0, microseconds: 1234 });
    assert.equal(ended.decision.answer.kind, "rules");
    const answer = encodeAnswer(ended.decision.answer) ?? [];
    assert.deepEqual(connection.written.slice(GREETING_SIZE), [...answer]);
  }
});

Deno.test("who leaves after the answer has no outcome; who is told to run the program is asked for none", async () => {
  const left = await talk(question()).end;
  assert.ok("decision" in left);
  assert.deepEqual([left.outcome, left.decision.reason], [undefined, undefined]);
  const told = await talk(question({ conf: "[]" })).end;
  assert.ok("decision" in told);
  assert.match(told.decision.reason ?? "", /is not a JSON object/);
});

Deno.test("the longest configuration is answered, and a longer question is not read", async () => {
  const prevResult = { text: "x".repeat(MOST_ASKED - 1000) };
  const conf = JSON.stringify({ cniVersion: "1.0.0", name: "a", prevResult });
  const ended = await talk(question({ conf, CNI_ARGS: "" }), 1_000_000).end;
  assert.ok("decision" in ended);
  assert.equal(ended.decision.answer.kind, "left alone");
  const long = new Uint8Array(new Uint32Array([MOST_ASKED + 1]).buffer);
  assert.deepEqual(await talk(long).end, {
    misunderstood: `a question of ${MOST_ASKED + 1} bytes is too long`,
  });
});

Deno.test("bytes of anybody are not understood, and get no answer", async () => {
  const plain = question();
  const cut = fc.nat(plain.length - 1).map((size) => plain.slice(0, size));
  const random = fc.uint8Array({ maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(fc.oneof(cut, random), async (bytes) => {
      const { connection, end } = talk(bytes);
      const ended = await end;
      assert.ok("misunderstood" in ended);
      assert.equal(connection.written.length, GREETING_SIZE);
    }),
    runs(3000),
  );
});
