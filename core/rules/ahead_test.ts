import assert from "node:assert/strict";
import { rulesAhead } from "./ahead.ts";
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
  return rulesAhead(state, ownerships(state, known), desired).map(({ rule }) => rule);
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

Deno.test("tables that run earlier: what takes packets away counts, an ACCEPT does not", () => {
  const state = parseSave(`*raw
:PREROUTING DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -p tcp --dport 1 -j CT --notrack
-A OUTPUT -p tcp --dport 2 -j CT --zone 3
-A OUTPUT -j ACCEPT
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
:THEIRS - [0:0]
-A PREROUTING -j THEIRS
-A THEIRS -p tcp -j TPROXY --on-port 1
-A THEIRS -m conntrack --ctstate INVALID -j DROP
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
-A PREROUTING -p tcp --dport 81 -j REDIRECT --to-ports 8081
COMMIT
`);
  const found = rulesAhead(state, ownerships(state, []), "behind");
  assert.deepEqual(found.map(({ place, verdict, bypasses }) => [place, verdict, bypasses]), [
    ["table raw", "DROP", false],
    ["table mangle", "TPROXY", true],
    ["table mangle", "DROP", false],
    ["table nat", "DNAT", false],
    ["table nat", "REDIRECT", true],
    ["table raw", "NOTRACK", true],
  ]);
  assert.equal(found[0]?.rule, "-P PREROUTING DROP");
  assert.deepEqual(rulesAhead(state, ownerships(state, [])), [], "nothing of ours is there");
});

Deno.test("rules of ours that carry no comment are not taken for those of others", () => {
  const silent = { table: "nat", chain: "OUTPUT", canonical: "-j RETURN" };
  assert.deepEqual(ahead(["OUTPUT -j RETURN", `OUTPUT ${OURS}`], undefined, [silent]), []);
});
