/**
 * What `core/rules` believes of iptables, held against the real iptables: that a listing of our rules
 * compares as equal, and that every planned change is taken and leaves what it should.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FAMILIES, type Family } from "core/proxy/resolved.ts";
import { buildRuleset } from "core/rules/build.ts";
import { compare } from "core/rules/diff.ts";
import type { Ruleset } from "core/rules/model.ts";
import { knownRules } from "core/rules/ownership.ts";
import { parseSave } from "core/rules/parse_save.ts";
import { renderRestore } from "core/rules/render.ts";
import { planRestoreOf } from "core/rules/roll_back.ts";
import { anyConfig, anyFacts } from "core/rules/testing/arbitraries.ts";
import { planTransition } from "core/rules/transition.ts";
import { requires } from "tests/support/requires.ts";
import { type Flavour, FLAVOURS, Namespace, toolName } from "./namespace.ts";

/** Rulesets tried for each flavour and family. */
const SAMPLES = 40;
const SEED = 20240917;

const FOREIGN: Record<Family, string> = {
  ipv4: foreignRules("10.9.8.0/24"),
  ipv6: foreignRules("fd09::/64"),
};

for (const flavour of FLAVOURS) {
  const test = requires("root", "netns", `iptables-${flavour}`);
  for (const family of FAMILIES) {
    test(`${flavour} ${family}: rules list as they were written, change and go`, async () => {
      await using namespace = await Namespace.create("rules");
      await namespace.restore(flavour, family, FOREIGN[family]);
      const odd = ["-m", "comment", "--comment", "two\n-A OUTPUT lines", "-j", "RETURN"];
      await namespace.must(toolName(flavour, family), "-t", "nat", "-A", "OUTPUT", ...odd);
      await walk(namespace, flavour, family);
    });

    test(`${flavour} ${family}: kumactl's own text is accepted, short and long`, async () => {
      for (const [index, ruleset] of rulesets(family).entries()) {
        await using namespace = await Namespace.create("text");
        const docker = "*nat\n:DOCKER_OUTPUT - [0:0]\nCOMMIT\n";
        await namespace.restore(flavour, family, docker);
        const text = renderRestore(ruleset, { verbose: index % 2 === 1 });
        await namespace.restore(flavour, family, text);
        const state = parseSave(await namespace.save(flavour, family));
        assert.deepEqual(compare(ruleset, state, { known: knownRules(ruleset) }), []);
        if (index >= 9) break;
      }
    });
  }
}

/** From one ruleset to the next, each time checked, rolled back, done again; at the end uninstalled. */
async function walk(namespace: Namespace, flavour: Flavour, family: Family): Promise<void> {
  const original = await namespace.save(flavour, family);
  let installed: Ruleset | undefined;
  for (const next of rulesets(family)) {
    const known = installed === undefined ? [] : knownRules(installed);
    const textBefore = await namespace.save(flavour, family);
    const before = parseSave(textBefore);
    const plan = planTransition(before, next, { known });
    await namespace.restore(flavour, family, plan.text);
    const after = parseSave(await namespace.save(flavour, family));
    assert.deepEqual(compare(next, after, { known: knownRules(next) }), [], plan.text);
    assert.equal(planTransition(after, next, { known: knownRules(next) }).text, "");

    const both = [...known, ...knownRules(next)];
    await namespace.restore(flavour, family, planRestoreOf(before, after, { known: both }).text);
    const back = await namespace.save(flavour, family);
    assert.deepEqual(ofTables(back, before), textBefore.split("\n"));
    await namespace.restore(
      flavour,
      family,
      planTransition(parseSave(back), next, { known }).text,
    );
    installed = next;
  }
  assert(installed !== undefined);
  const known = knownRules(installed);
  const last = parseSave(await namespace.save(flavour, family));
  await namespace.restore(flavour, family, planTransition(last, undefined, { known }).text);
  const left = await namespace.save(flavour, family);
  assert.deepEqual(ofTables(left, parseSave(original)), original.split("\n"));
  if (flavour === "legacy") return; // An emptied legacy table stays until its namespace ends.
  const had = new Set(parseSave(original).tables.map((table) => table.name));
  const emptied = parseSave(left).tables.filter(({ name, rules }) =>
    rules.length === 0 && !had.has(name)
  );
  // Without --noflush, a table that is named and has nothing in it goes.
  const drop = emptied.map(({ name }) => `*${name}\nCOMMIT\n`).join("");
  await namespace.restore(flavour, family, drop, []);
  assert.equal(await namespace.save(flavour, family), original);
}

function rulesets(family: Family): Ruleset[] {
  const samples = fc.sample(fc.tuple(anyConfig("clean"), anyFacts("clean")), {
    seed: SEED,
    numRuns: 3 * SAMPLES,
  });
  return samples.filter(([, facts]) => facts.family === family).slice(0, SAMPLES)
    .map(([config, facts]) => buildRuleset(config, { ...facts, dockerOutput: true }));
}

/** The listing's lines of the tables that `of` knows, in the order in which `of` lists them. */
function ofTables(text: string, of: { tables: readonly { name: string }[] }): string[] {
  const blocks = new Map<string, string[]>();
  let block: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) blocks.set(line.slice(1), block = []);
    block.push(line);
  }
  return of.tables.flatMap(({ name }) => blocks.get(name) ?? []);
}

function foreignRules(network: string): string {
  return `*nat
:DOCKER_OUTPUT - [0:0]
:KUBE-SERVICES - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 18080
-A OUTPUT -d ${network} -j DOCKER_OUTPUT
-A OUTPUT -p tcp -m comment --comment "it\\'s \\"odd\\" -j KUMA_MESH_INBOUND" -j ACCEPT
-A POSTROUTING -s ${network} -j MASQUERADE
COMMIT
*mangle
-A PREROUTING -i docker0 -j MARK --set-xmark 0x1/0xffffffff
COMMIT
*filter
:INPUT DROP [0:0]
-A INPUT -i lo -j ACCEPT
COMMIT
`;
}
