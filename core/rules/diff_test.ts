import assert from "node:assert/strict";
import { buildRuleset } from "./build.ts";
import { compare, describeDifference, type Difference } from "./diff.ts";
import { parseSave } from "./parse_save.ts";
import { renderRule } from "./render.ts";
import type { SavedState } from "./saved.ts";
import { exampleConfig, exampleDns, exampleFacts } from "./testing/examples.ts";
import { applyRestore } from "./apply_restore.ts";
import { planTransition } from "./transition.ts";

const dns = exampleDns({ enabled: true, captureAll: true });
const desired = buildRuleset(exampleConfig({ dns }), exampleFacts("ipv4"));
const EMPTY = parseSave("");
const installed = applyRestore(EMPTY, planTransition(EMPTY, desired).text);
const JUMP = renderRule(
  desired.tables[1]?.rules.find((rule) => rule.chain === "OUTPUT" && rule.insertAt === undefined) ??
    assert.fail("no jump"),
).slice("-A OUTPUT ".length);

function after(text: string): SavedState {
  return applyRestore(installed, `*nat\n${text}\nCOMMIT\n`);
}

function kinds(state: SavedState): string[] {
  return compare(desired, state).map(({ kind, table, chain }) => `${kind} ${table} ${chain}`);
}

Deno.test("installed rules have no difference; foreign rules elsewhere are none", () => {
  assert.deepEqual(compare(desired, installed), []);
  assert.deepEqual(kinds(after(":OTHER - [0:0]\n-A OTHER -j ACCEPT\n-A OUTPUT -j OTHER")), []);
  assert.deepEqual(kinds(after("-I OUTPUT 3 -p udp -j ACCEPT\n-A POSTROUTING -j ACCEPT")), []);
  assert.deepEqual(compare(undefined, parseSave("*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n")), []);
});

Deno.test("a rule or a chain that is gone", () => {
  const differences = compare(desired, after(`-D OUTPUT ${JUMP}`));
  assert.deepEqual(differences, [
    { kind: "missing", table: "nat", chain: "OUTPUT", rule: JUMP } satisfies Difference,
  ]);
  assert.equal(
    describeDifference(differences[0] ?? assert.fail()),
    `table nat, chain OUTPUT: a rule is missing: ${JUMP}`,
  );
  const all = compare(desired, EMPTY);
  assert.equal(all.filter((one) => one.rule === undefined).length, 4);
  assert.equal(all.length, 4 + desired.tables.flatMap((table) => table.rules).length);
  assert.equal(
    describeDifference({ kind: "missing", table: "nat", chain: "KUMA_MESH_INBOUND" }),
    "table nat, chain KUMA_MESH_INBOUND: the chain is missing",
  );
});

Deno.test("a rule of ours that should not be there", () => {
  const ours = '-m comment --comment "kuma/mesh/transparent/proxy/old"';
  assert.deepEqual(kinds(after(`-A INPUT ${ours} -j ACCEPT`)), ["unexpected nat INPUT"]);
  assert.deepEqual(kinds(after(`-A OUTPUT ${JUMP}`)), ["unexpected nat OUTPUT"]);
  assert.deepEqual(kinds(after(":KUMA_MESH_OLD - [0:0]")), ["unexpected nat KUMA_MESH_OLD"]);
});

Deno.test("somebody else's rule in a chain of ours, or into one", () => {
  assert.deepEqual(kinds(after("-A KUMA_MESH_OUTBOUND -d 10.0.0.1/32 -j RETURN")), [
    "foreign nat KUMA_MESH_OUTBOUND",
  ]);
  assert.deepEqual(kinds(after("-A INPUT -j KUMA_MESH_INBOUND")), ["foreign nat INPUT"]);
});

Deno.test("inserted rules must stand first, appended ones may stand anywhere after", () => {
  assert.deepEqual(kinds(after("-I OUTPUT 1 -p udp -j ACCEPT")), ["order nat OUTPUT"]);
  assert.deepEqual(kinds(after("-I OUTPUT 2 -p udp -j ACCEPT")), ["order nat OUTPUT"]);
  assert.deepEqual(kinds(after("-I PREROUTING 1 -p udp -j ACCEPT")), []);
  assert.deepEqual(kinds(after(`-D OUTPUT ${JUMP}\n-I OUTPUT 1 ${JUMP}`)), ["order nat OUTPUT"]);
});
