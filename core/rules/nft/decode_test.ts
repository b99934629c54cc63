/** What is sent, read back from the bytes of the messages: the kernel's dumps have the same attributes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { buildRuleset } from "../build.ts";
import { anyConfig, anyFacts } from "../testing/arbitraries.ts";
import { NFT_MSG } from "./attributes.ts";
import { buildNftTable } from "./build.ts";
import { compareNft } from "./compare.ts";
import { decodeDump } from "./decode.ts";
import { encodeTransaction, FULL_HEAD, HEAD, messagesOf, NFTABLES } from "./batch.ts";
import { installation } from "./encode.ts";
import { imageOf, type NftImage } from "./image.ts";
import { runs } from "tests/support/property.ts";

function readBack(image: NftImage): NftImage {
  const messages = messagesOf(encodeTransaction(installation(image), { first: 1 }).bytes)!;
  const of = (type: number) =>
    messages.filter((message) => message.type === (NFTABLES << 8 | type))
      .map(({ body }) => body.subarray(FULL_HEAD - HEAD));
  return decodeDump({
    table: of(NFT_MSG.NEWTABLE)[0]!,
    chains: of(NFT_MSG.NEWCHAIN),
    rules: of(NFT_MSG.NEWRULE),
    sets: of(NFT_MSG.NEWSET),
    elements: of(NFT_MSG.NEWSETELEM),
  });
}

const table = fc.tuple(anyConfig("clean"), anyFacts("clean"))
  .map(([config, facts]) => buildNftTable([buildRuleset(config, facts)]));

Deno.test("every table is read back as it was sent", () => {
  fc.assert(
    fc.property(table, (table) => {
      const image = imageOf(table);
      assert.deepEqual(readBack(image), image);
      assert.deepEqual(compareNft(table, readBack(image)), []);
    }),
    runs(300),
  );
});

Deno.test("every rule that is lost, doubled, moved or somebody else's is a difference", () => {
  const change = fc.constantFrom("lose", "double", "move", "strange", "set", "comment", "chain");
  fc.assert(
    fc.property(table, change, fc.nat(), (table, change, at) => {
      const image = readBack(imageOf(table));
      const changed = tampered(image, change, at);
      if (JSON.stringify(changed) === JSON.stringify(image)) return;
      const [first = ""] = compareNft(table, changed);
      assert.match(first, /^the rules were changed after they were installed: /);
    }),
    runs(300),
  );
  const other = readBack(imageOf(buildNftTable([])));
  const wanted = fc.sample(table, 1)[0]!;
  assert.match(
    compareNft(wanted, other)[0] ?? "",
    /^the rules are those of another configuration: /,
  );
  assert.deepEqual(compareNft(wanted, undefined), ["the table inet kuma-mesh is missing"]);
});

function tampered(image: NftImage, change: string, at: number): NftImage {
  if (change === "set") {
    return { ...image, sets: image.sets.map((set) => ({ ...set, elements: [] })) };
  }
  const i = at % image.chains.length;
  const chain = image.chains[i]!;
  const { rules } = chain;
  const j = at % Math.max(1, rules.length);
  const rule = rules[j];
  if (rule === undefined) return image;
  const unknown = { expressions: [{ name: "unknown", text: "counter" } as const] };
  const altered = change === "lose"
    ? rules.toSpliced(j, 1)
    : change === "double"
    ? rules.toSpliced(j, 0, rule)
    : change === "move"
    ? [...rules.slice(1), ...rules.slice(0, 1)]
    : change === "comment"
    ? rules.with(j, { ...rule, comment: "other" })
    : rules.toSpliced(j, 0, unknown);
  const chains = change === "chain"
    ? image.chains.toSpliced(i, 1)
    : image.chains.with(i, { ...chain, rules: altered });
  return { ...image, chains };
}
