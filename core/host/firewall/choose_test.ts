import assert from "node:assert/strict";
import { chooseFlavour, type FlavourUse } from "./choose.ts";

const NONE: FlavourUse = { rules: false, docker: false };
const RULES: FlavourUse = { rules: true, docker: false };
const DOCKER: FlavourUse = { rules: true, docker: true };

Deno.test("the flavour in use is chosen, Docker's before another, nft where nothing decides", () => {
  const cases: [FlavourUse, FlavourUse, string, boolean][] = [
    [NONE, NONE, "nft", false],
    [RULES, NONE, "nft", false],
    [NONE, RULES, "legacy", false],
    [NONE, DOCKER, "legacy", false],
    [RULES, RULES, "nft", true],
    [RULES, DOCKER, "legacy", false],
    [DOCKER, RULES, "nft", false],
    [DOCKER, DOCKER, "nft", true],
  ];
  for (const [nft, legacy, flavour, conflict] of cases) {
    assert.deepEqual(chooseFlavour(nft, legacy), { flavour, conflict });
  }
});
