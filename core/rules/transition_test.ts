import assert from "node:assert/strict";
import { KumaError } from "../errors.ts";
import { buildRuleset } from "./build.ts";
import { knownRules } from "./ownership.ts";
import { parseSave } from "./parse_save.ts";
import { planRestoreOf } from "./roll_back.ts";
import { exampleConfig, exampleFacts, exampleTraffic } from "./testing/examples.ts";
import type { SavedState } from "./saved.ts";
import { applyRestore } from "./apply_restore.ts";
import { planTransition } from "./transition.ts";

const facts = exampleFacts("ipv4");
const desired = buildRuleset(exampleConfig(), facts);
const bare = buildRuleset(exampleConfig({ comments: false }), facts);
const EMPTY = parseSave("");
const FOREIGN = parseSave(`*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER_OUTPUT - [0:0]
-A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT
-A OUTPUT -p tcp -j ACCEPT
COMMIT
`);

function isRefusal(error: unknown): boolean {
  return error instanceof KumaError && error.code === "KUMA-TP-103" &&
    /Cannot replace the rules in table nat: .*: -A /.test(error.message);
}

Deno.test("a fresh install has no deletions, a second one no text at all", () => {
  const plan = planTransition(EMPTY, desired);
  assert.deepEqual(plan.tables, ["nat"]);
  assert(plan.text.startsWith("*nat\n:KUMA_MESH_INBOUND - [0:0]\n"), plan.text);
  assert(!/^-[DFX]/m.test(plan.text));
  const installed = applyRestore(EMPTY, plan.text);
  assert.deepEqual(planTransition(installed, desired), { text: "", tables: [], emptied: [] });
  assert.deepEqual(planTransition(EMPTY, undefined), { text: "", tables: [], emptied: [] });
});

Deno.test("only the table that differs is written", () => {
  const more = buildRuleset(exampleConfig({ dropInvalidPackets: true }), facts);
  const installed = applyRestore(EMPTY, planTransition(EMPTY, desired).text);
  assert.deepEqual(planTransition(installed, more).tables, ["mangle"]);
  const both = applyRestore(installed, planTransition(installed, more).text);
  const back = planTransition(both, desired);
  assert.deepEqual([back.tables, back.emptied], [["mangle"], ["mangle"]]);
});

Deno.test("foreign rules are not in the text", () => {
  const plan = planTransition(FOREIGN, desired);
  const installed = applyRestore(FOREIGN, plan.text);
  const gone = planTransition(installed, undefined);
  assert.doesNotMatch(plan.text + gone.text, /DOCKER|ACCEPT/);
  // Our own chains are flushed whole: only the two jumps into them go one by one.
  assert.equal(gone.text.split("\n").filter((line) => line.startsWith("-D ")).length, 2);
  assert.deepEqual(gone.emptied, []);
  assert.deepEqual(applyRestore(installed, gone.text), FOREIGN);
});

Deno.test("our rules in a chain of somebody else's go too", () => {
  const ours = '-p tcp -m comment --comment "kuma/mesh/transparent/proxy/x" -j RETURN';
  const state = parseSave(`*nat\n:OUTPUT ACCEPT [0:0]\n:OUTPUT_direct - [0:0]
-A OUTPUT_direct ${ours}\n-A OUTPUT_direct -j ACCEPT\nCOMMIT\n`);
  assert.equal(planTransition(state, undefined).text, `*nat\n-D OUTPUT_direct ${ours}\nCOMMIT\n`);
});

Deno.test("rules without comments: refused, unless a journal or the configuration knows them", () => {
  const installed = applyRestore(FOREIGN, planTransition(FOREIGN, bare).text);
  assert.throws(() => planTransition(installed, undefined), isRefusal);
  assert.throws(() => planTransition(installed, desired), isRefusal);
  assert.equal(planTransition(installed, bare).text, "");
  const known = knownRules(bare);
  const gone = planTransition(installed, undefined, { known });
  assert.deepEqual(applyRestore(installed, gone.text), FOREIGN);
  const commented = planTransition(installed, desired, { known });
  const replaced = applyRestore(installed, commented.text);
  assert.equal(planTransition(replaced, desired).text, "");
});

Deno.test("without a journal the same rules are found again, once our chains are there", () => {
  const excludeAddresses = [{ family: "ipv4", text: "10.0.0.1" }] as const;
  const outbound = exampleTraffic("outbound", { excludeAddresses });
  const rules = buildRuleset(exampleConfig({ comments: false, outbound }), facts);
  const foreign = applyRestore(FOREIGN, "*nat\n-A OUTPUT -d 10.0.0.1 -j RETURN\nCOMMIT\n");
  const first = planTransition(foreign, rules, { known: undefined });
  const installed = applyRestore(foreign, first.text);
  const count = (state: SavedState) =>
    state.tables.flatMap((table) => table.rules).filter((rule) =>
      rule.canonical.includes("10.0.0.1")
    ).length;
  assert.equal(count(installed), 2, "somebody else's rule is not taken for ours at first");
  assert.equal(planTransition(installed, rules, { known: undefined }).text, "");
  assert.notEqual(
    planTransition(installed, rules, { known: [] }).text,
    "",
    "a journal is believed",
  );
});

Deno.test("a journal accounts for one rule each: its double is somebody else's", () => {
  const excludeAddresses = [{ family: "ipv4", text: "10.0.0.1" }] as const;
  const outbound = exampleTraffic("outbound", { excludeAddresses });
  const rules = buildRuleset(exampleConfig({ comments: false, outbound }), facts);
  const twice = applyRestore(FOREIGN, "*nat\n-A OUTPUT -d 10.0.0.1 -j RETURN\nCOMMIT\n");
  const installed = applyRestore(twice, planTransition(twice, rules).text);
  const gone = planTransition(installed, undefined, { known: knownRules(rules) });
  const left = applyRestore(installed, gone.text);
  assert.deepEqual(
    left.tables[0]?.rules.map((rule) => rule.canonical),
    twice.tables[0]?.rules.map((rule) => rule.canonical),
  );
});

Deno.test("a stranger in or into our chains stops everything", () => {
  const installed = applyRestore(EMPTY, planTransition(EMPTY, desired).text);
  for (
    const line of [
      "-A KUMA_MESH_OUTBOUND -d 10.0.0.1/32 -j RETURN",
      "-A POSTROUTING -p tcp -j KUMA_MESH_INBOUND",
    ]
  ) {
    const state = applyRestore(installed, `*nat\n${line}\nCOMMIT\n`);
    assert.throws(() => planTransition(state, undefined), isRefusal);
    assert.throws(() => planTransition(state, desired), isRefusal);
  }
});

Deno.test("a chain of ours that nothing uses is taken away", () => {
  const state = parseSave("*nat\n:KUMA_MESH_INBOUND - [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");
  const plan = planTransition(state, undefined);
  assert.equal(plan.text, "*nat\n-F KUMA_MESH_INBOUND\n-X KUMA_MESH_INBOUND\nCOMMIT\n");
  assert.deepEqual(plan.emptied, ["nat"]);
});

Deno.test("a table whose policy somebody set is not emptied when our rules go", () => {
  const strict = parseSave("*nat\n:OUTPUT DROP [0:0]\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n");
  const installed = applyRestore(strict, planTransition(strict, desired).text);
  assert.deepEqual(planTransition(installed, undefined).emptied, []);
});

Deno.test("rolling back keeps what others added meanwhile", () => {
  const before = applyRestore(FOREIGN, planTransition(FOREIGN, desired).text);
  const inserting = exampleTraffic("outbound", { insertJump: true });
  const other = buildRuleset(exampleConfig({ outbound: inserting }), facts);
  const changed = applyRestore(before, planTransition(before, other).text);
  const added = "*nat\n-A OUTPUT -p icmp -j RETURN\nCOMMIT\n";
  const after = applyRestore(changed, added);
  const back = applyRestore(after, planRestoreOf(before, after).text);
  const output = back.tables[0]?.rules.filter((rule) => rule.chain === "OUTPUT") ?? [];
  const targets = output.map((rule) => rule.target);
  assert.deepEqual(targets, ["DOCKER_OUTPUT", "ACCEPT", "KUMA_MESH_OUTBOUND", "RETURN"]);
  assert.equal(planTransition(back, desired).text, "");
  assert.deepEqual(planRestoreOf(before, before), { text: "", tables: [], emptied: [] });
});
