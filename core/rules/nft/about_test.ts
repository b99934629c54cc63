import assert from "node:assert/strict";
import { messageAbout } from "./about.ts";
import { encodeTransaction } from "./batch.ts";
import { removal, replacement } from "./encode.ts";
import type { NftImage } from "./image.ts";

Deno.test("a message of a transaction is told by its object, a rule by its place in its chain", () => {
  const rule = { expressions: [{ name: "counter" } as const] };
  const elements = Array.from({ length: 501 }, (_, i) => {
    const key = i.toString(16).padStart(4, "0");
    return { from: key, to: key };
  });
  const image: NftImage = {
    fingerprint: "0123456789abcdef",
    sets: [{ name: "ports-1", type: "port", interval: false, elements }],
    chains: [{ name: "A", rules: [rule, rule] }, { name: "B", rules: [rule] }],
  };
  const { bytes, last } = encodeTransaction(replacement(image), { first: 7 });
  const told = Array.from({ length: last - 7 + 1 }, (_, i) => messageAbout(bytes, 7 + i));
  assert.deepEqual(told, [
    "the transaction",
    "table kuma-mesh",
    "table kuma-mesh",
    "table kuma-mesh",
    "set ports-1",
    // Its elements are more than one message holds.
    "set ports-1",
    "set ports-1",
    "chain A",
    "chain B",
    "rule 1 of chain A",
    "rule 2 of chain A",
    "rule 1 of chain B",
    "the transaction",
  ]);
  assert.equal(messageAbout(bytes, last + 1), "the transaction");
  assert.equal(
    messageAbout(encodeTransaction(removal(), { first: 1 }).bytes, 2),
    "table kuma-mesh",
  );
});
