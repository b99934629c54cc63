/** The table of nftables against the rules of iptables that it was made from: no packet fares differently. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Family } from "../../proxy/resolved.ts";
import { buildRuleset } from "../build.ts";
import { anyConfig, anyFacts } from "../testing/arbitraries.ts";
import { evaluateNft } from "./evaluate.ts";
import { anyPacket } from "../testing/packets.ts";
import { verdictOf } from "../verdict.ts";
import { buildNftTable } from "./build.ts";
import { imageOf } from "./image.ts";
import { runs } from "tests/support/property.ts";

const both = fc.tuple(
  anyConfig("clean"),
  anyFacts("clean").filter(({ family }) => family === "ipv4"),
  anyFacts("clean").filter(({ family }) => family === "ipv6"),
  fc.constantFrom<Family[]>(["ipv4"], ["ipv6"], ["ipv4", "ipv6"], ["ipv4", "ipv6"]),
);

Deno.test("every packet fares in nftables as it does in iptables", () => {
  let redirected = 0, zoned = 0, left = 0;
  const cases = both.chain(([config, ipv4, ipv6, families]) => {
    const facts = [ipv4, ipv6];
    const packets = facts.map((one) =>
      fc.array(anyPacket(config, one), { minLength: 12, maxLength: 12 })
    );
    return fc.tuple(fc.constant({ config, facts, families }), ...packets);
  });
  fc.assert(
    fc.property(cases, ([{ config, facts, families }, ...packets]) => {
      const rulesets = facts.filter(({ family }) => families.includes(family))
        .map((one) => buildRuleset(config, one));
      const image = imageOf(buildNftTable(rulesets));
      for (const packet of packets.flat()) {
        const ruleset = rulesets.find(({ family }) => family === packet.family);
        const { redirect, zone } = ruleset === undefined
          ? { redirect: undefined, zone: undefined }
          : verdictOf(ruleset, packet);
        if (redirect !== undefined) redirected++;
        else if (zone !== undefined) zoned++;
        else left++;
        const { redirect: found, zone: put } = evaluateNft(image, packet);
        assert.deepEqual(
          { redirect: found, zone: put },
          { redirect, zone },
          JSON.stringify(packet),
        );
      }
    }),
    runs(1000),
  );
  // A test that met nothing but packets that nobody looks at would say nothing.
  const all = redirected + zoned + left;
  assert(
    Math.min(redirected, left) > all / 12 && zoned > all / 1000,
    `${redirected} ${zoned} ${left}`,
  );
});
