import assert from "node:assert/strict";
import { acceptsAhead } from "./ahead.ts";
import { buildRuleset } from "./build.ts";
import { knownRules, ownerships } from "./ownership.ts";
import { parseSave } from "./parse_save.ts";
import { exampleConfig, exampleFacts, exampleTraffic } from "./testing/examples.ts";

const OURS = '-p tcp -m comment --comment "kuma/mesh/transparent/proxy/x" -j KUMA_MESH_OUTBOUND';
const appended = buildRuleset(exampleConfig(), exampleFacts("ipv4"));

function ahead(rules: string[], desired?: typeof appended, known = knownRules(appended)): string[] {
  const chains = [
    "PREROUTING ACCEPT",
    "OUTPUT ACCEPT",
    "OTHERS -",
    "DEEP -",
    "KUMA_MESH_OUTBOUND -",
  ];
  const lines = chains.map((chain) => `:${chain} [0:0]`);
  const state = parseSave(
    ["*nat", ...lines, ...rules.map((rule) => `-A ${rule}`), "COMMIT", ""].join("\n"),
  );
  return acceptsAhead(state, ownerships(state, known), desired);
}

Deno.test("an ACCEPT counts ahead of our jump, and behind it not; a RETURN in the chain itself as well", () => {
  const accept = "OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT";
  assert.deepEqual(ahead([accept, `OUTPUT ${OURS}`]), [`-A ${accept}`]);
  assert.deepEqual(ahead([`OUTPUT ${OURS}`, accept]), []);
  const back = "OUTPUT -d 10.0.0.0/8 -j RETURN";
  assert.deepEqual(ahead([back, `OUTPUT ${OURS}`]), [`-A ${back}`]);
  assert.deepEqual(ahead([accept]), [], "there is no jump");
});

Deno.test("an ACCEPT in a chain that is gone to counts, whatever the way; a RETURN there does not", () => {
  const rules = [
    "OUTPUT -j OTHERS",
    "OTHERS -p udp -g DEEP",
    "OTHERS -j RETURN",
    "DEEP -j OTHERS",
    "DEEP -s 10.0.0.1/32 -j ACCEPT",
    `OUTPUT ${OURS}`,
  ];
  assert.deepEqual(ahead(rules), ["-A DEEP -s 10.0.0.1/32 -j ACCEPT"]);
  assert.deepEqual(ahead(["DEEP -j ACCEPT", `OUTPUT ${OURS}`]), []);
});

Deno.test("what is about to be appended comes behind everything, what is inserted before it", () => {
  const rules = [`OUTPUT ${OURS}`, "OUTPUT -j ACCEPT", "PREROUTING -i eth1 -j ACCEPT"];
  assert.deepEqual(ahead(rules, appended), [
    "-A PREROUTING -i eth1 -j ACCEPT",
    "-A OUTPUT -j ACCEPT",
  ]);
  const inserted = buildRuleset(
    exampleConfig({
      inbound: exampleTraffic("inbound", { insertJump: true }),
      outbound: exampleTraffic("outbound", { insertJump: true }),
    }),
    exampleFacts("ipv4"),
  );
  assert.deepEqual(ahead(rules, inserted), []);
});

Deno.test("rules of ours that carry no comment are not taken for those of others", () => {
  const silent = { table: "nat", chain: "OUTPUT", canonical: "-j RETURN" };
  assert.deepEqual(ahead(["OUTPUT -j RETURN", `OUTPUT ${OURS}`], undefined, [silent]), []);
});
