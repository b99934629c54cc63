import assert from "node:assert/strict";
import { buildRuleset } from "../build.ts";
import { exampleConfig, exampleDns, exampleFacts } from "../testing/examples.ts";
import { buildNftTable } from "./build.ts";
import { actsOn, imageOf } from "./image.ts";

const FAMILIES = ["ipv4", "ipv6"] as const;

Deno.test("a table acts on the families that it was built for", () => {
  for (const dns of [{}, { dns: exampleDns({ captureAll: true }) }]) {
    for (const built of [["ipv4"], ["ipv6"], ["ipv4", "ipv6"]] as const) {
      const rulesets = built.map((family) =>
        buildRuleset(exampleConfig(dns), exampleFacts(family))
      );
      const image = imageOf(buildNftTable(rulesets));
      assert.deepEqual(FAMILIES.filter((family) => actsOn(image, family)), built);
    }
  }
});
