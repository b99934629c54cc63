import assert from "node:assert/strict";
import { newObjects } from "./nft_objects.ts";

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
