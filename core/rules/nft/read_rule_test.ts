import assert from "node:assert/strict";
import fc from "fast-check";
import { FAMILIES } from "../../proxy/resolved.ts";
import { buildRuleset } from "../build.ts";
import { anyConfig, anyFacts } from "../testing/arbitraries.ts";
import { buildNftTable } from "./build.ts";
import { imageOf } from "./image.ts";
import { expressionsOf } from "./expressions.ts";
import { ruleText } from "./listing.ts";
import { ruleOf } from "./read_rule.ts";
import { runs } from "tests/support/property.ts";

const tables = fc.tuple(
  anyConfig("clean"),
  ...FAMILIES.map((wanted) => anyFacts("clean").filter(({ family }) => family === wanted)),
).map(([config, ...facts]) => buildNftTable(facts.map((one) => buildRuleset(config, one))));

Deno.test("every rule that we send is read back to one that says the same", () => {
  fc.assert(
    fc.property(tables, (table) => {
      for (const rule of imageOf(table).chains.flatMap(({ rules }) => rules)) {
        const read = ruleOf(rule);
        assert(read !== undefined, JSON.stringify(rule));
        assert.deepEqual(expressionsOf(read), rule.expressions);
        assert.equal(read.comment, rule.comment);
      }
    }),
    runs(300),
  );
});

for (
  const [name, expressions, text] of [
    [
      "another's expression",
      [{ name: "unknown", text: "counter 00" }, { name: "verdict", code: -5 }],
      '[ counter 00, verdict -5 ] comment "x"',
    ],
    ["no target", [{ name: "meta", key: 16 }, { name: "cmp", op: 0, data: "06" }], undefined],
    ["an address of no family", [
      { name: "payload", base: 1, offset: 12, length: 4 },
      { name: "cmp", op: 0, data: "0a000001" },
      { name: "verdict", code: -5 },
    ], undefined],
    ["more behind the target", [{ name: "verdict", code: -5 }, { name: "redir" }], undefined],
    ["a mask with holes", [
      { name: "meta", key: 15 },
      { name: "cmp", op: 0, data: "02" },
      { name: "payload", base: 1, offset: 12, length: 4 },
      { name: "bitwise", mask: "ff00ff00" },
      { name: "cmp", op: 0, data: "0a000100" },
      { name: "verdict", code: -5 },
    ], undefined],
  ] as const
) {
  Deno.test(`a rule with ${name} is none of ours`, () => {
    const rule = { comment: "x", expressions };
    assert.equal(ruleOf(rule), undefined);
    if (text !== undefined) assert.equal(ruleText(rule), text);
  });
}
