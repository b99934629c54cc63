import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { jsonCost, MAX_DEPTH, MAX_NODES } from "./json_cost.ts";

const cost = (text: string) => jsonCost(new TextEncoder().encode(text));

/** The same by looking at what was parsed. */
function weigh(value: unknown): { depth: number; nodes: number } {
  if (typeof value !== "object" || value === null) return { depth: 0, nodes: 1 };
  const below = Object.values(value).map(weigh);
  return {
    depth: 1 + Math.max(0, ...below.map(({ depth }) => depth)),
    nodes: 1 + below.reduce((sum, { nodes }) => sum + nodes, 0),
  };
}

Deno.test("levels are exact, values never fewer than there are", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.boolean(), (value, spaced) => {
      const found = cost(JSON.stringify(value, null, spaced ? 2 : 0));
      assert.ok("nodes" in found);
      const { depth, nodes } = weigh(value);
      assert.equal(found.depth, depth);
      assert.ok(found.nodes >= nodes && found.nodes <= 2 * nodes, `${found.nodes} for ${nodes}`);
    }),
    runs(100),
  );
});

Deno.test("what is in strings is none of it, whatever is escaped", () => {
  for (const text of [`"[[[,,,"`, `"a\\"[,"`, `"a\\\\"`, `"[`, `"\\`, `"[\\\\\\"[,"`]) {
    assert.partialDeepStrictEqual(cost(text), { depth: 0, nodes: 1 }, text);
  }
  assert.partialDeepStrictEqual(cost(`["\\\\",["x"]]`), { depth: 2, nodes: 4 });
});

Deno.test("too deep and too many are refused", () => {
  assert.deepEqual(cost("[".repeat(MAX_DEPTH + 1)), { status: 413, why: "more than 512 levels" });
  assert.ok("nodes" in cost(`${"[".repeat(MAX_DEPTH)}${"]".repeat(MAX_DEPTH)}`));
  assert.deepEqual(cost(`[${"[],".repeat(MAX_NODES / 2)}[]]`), {
    status: 413,
    why: `more than ${MAX_NODES} values`,
  });
  // An end that never began brings no levels back.
  assert.deepEqual(cost("]".repeat(9999) + "[".repeat(20_000)), {
    status: 413,
    why: "more than 512 levels",
  });
});
