/** The rules as a firewall lists them explain a packet as those do that were put in. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { applyRestore } from "./apply_restore.ts";
import { buildRuleset } from "./build.ts";
import { explainPacket } from "./explain.ts";
import { explainIptables, explainNftables } from "./explain_found.ts";
import { buildNftTable } from "./nft/build.ts";
import { imageOf } from "./nft/image.ts";
import type { Packet } from "./packet.ts";
import { parseSave } from "./parse_save.ts";
import { readFirewall } from "./read_saved.ts";
import { EMPTY_STATE } from "./saved.ts";
import { anyConfig, anyFacts } from "./testing/arbitraries.ts";
import { anyPacket } from "./testing/packets.ts";
import { planTransition } from "./transition.ts";

const cases = fc.tuple(anyConfig("clean"), anyFacts("clean"), fc.boolean()).chain(
  ([config, facts, comments]) =>
    fc.record({
      config: fc.constant({ ...config, comments: true }),
      facts: fc.constant({ ...facts, comments: true, dockerOutput: false }),
      comments: fc.constant(comments),
      packets: fc.array(anyPacket(config, facts), { minLength: 5, maxLength: 5 }),
    }),
);

Deno.test("the rules that are there explain a packet as those do that were wanted", () => {
  fc.assert(
    fc.property(cases, ({ config, facts, comments, packets }) => {
      const wanted = buildRuleset(config, facts);
      const applied = buildRuleset({ ...config, comments }, facts);
      const state = applyRestore(EMPTY_STATE, planTransition(EMPTY_STATE, applied).text);
      const { ruleset, unread } = readFirewall(facts.family, state);
      assert.deepEqual(unread, []);
      const image = imageOf(buildNftTable([applied]));
      for (const packet of packets) {
        const { outcome, port, zone, steps } = explainPacket(wanted, packet);
        const told = explainIptables(ruleset, packet, [wanted]);
        assert.deepEqual(
          { ...told, steps: told.steps.map(({ why, settings }) => ({ why, settings })) },
          {
            packet,
            outcome,
            port,
            zone,
            steps: steps.map(({ why, settings }) => ({ why, settings })),
          },
        );
        const nft = explainNftables(image, packet, [wanted]);
        assert.deepEqual([nft.outcome, nft.port, nft.zone], [outcome, port, zone]);
        assert(nft.steps.every(({ why }) => why !== "a rule of others"), JSON.stringify(nft.steps));
      }
    }),
    runs(150),
  );
});

const LISTED = `*nat
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:KUMA_MESH_OUTBOUND - [0:0]
-A OUTPUT -d 198.51.100.0/24 -p tcp -m comment --comment "not ours" -j ACCEPT
-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT -p tcp -m tcp --dport 8443 -j DNAT --to-destination 10.0.0.1
-A OUTPUT -p tcp -m comment --comment "kuma/mesh/transparent/proxy/outbound TCP takes the outbound chain of the mesh" -j KUMA_MESH_OUTBOUND
-A KUMA_MESH_OUTBOUND -p tcp -j REDIRECT --to-ports 15001
COMMIT
`;

Deno.test("rules of others ahead of ours end a packet's way; what cannot be followed is named", () => {
  const { ruleset, unread } = readFirewall("ipv4", parseSave(LISTED));
  assert.deepEqual(unread, [
    "-t nat -A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER",
    "-t nat -A OUTPUT -p tcp -m tcp --dport 8443 -j DNAT --to-destination 10.0.0.1",
  ]);
  const packet: Packet = {
    family: "ipv4",
    hook: "output",
    protocol: "tcp",
    source: "10.1.1.1",
    destination: "198.51.100.7",
    sourcePort: 1,
    destinationPort: 80,
    iface: "eth0",
    uid: 0,
  };
  const { outcome, steps } = explainIptables(ruleset, packet, []);
  assert.equal(outcome, "left alone");
  assert.deepEqual(steps.map(({ why }) => why), ["a rule of others"]);
  const other = explainIptables(ruleset, { ...packet, destination: "10.2.2.2" }, []);
  assert.deepEqual([other.outcome, other.port, other.steps[0]?.settings], [
    "redirected",
    15001,
    [],
  ]);
});
