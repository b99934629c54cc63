/** What must hold for every configuration, tried on at least 10,000 random ones each. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { KumaError } from "../errors.ts";
import { buildRuleset } from "./build.ts";
import { compare } from "./diff.ts";
import type { Ruleset } from "./model.ts";
import { knownRules } from "./ownership.ts";
import { parseRestore } from "./testing/parse_restore.ts";
import { parseSave } from "./parse_save.ts";
import { renderRestore } from "./render.ts";
import { planRestoreOf } from "./roll_back.ts";
import { rulesOf, type SavedState } from "./saved.ts";
import { anyConfig, anyFacts, anyForeignSave } from "./testing/arbitraries.ts";
import { applyRestore } from "./apply_restore.ts";
import { planTransition } from "./transition.ts";
import { runs } from "tests/support/property.ts";

const NONE: Ruleset = { family: "ipv4", tables: [] };
const RUNS = runs(10_000);
const ruleset = fc.tuple(anyConfig("clean"), anyFacts("clean"))
  .map(([config, facts]) => buildRuleset(config, facts));
/** A firewall with other people's rules, and `count` rulesets that a host with that firewall gets. */
const host = (count: number) =>
  fc.tuple(
    anyForeignSave().map(parseSave),
    fc.array(fc.tuple(anyConfig("clean"), anyFacts("clean")), {
      minLength: count,
      maxLength: count,
    }),
  ).map(([before, pairs]) => {
    const docker = before.tables.some((table) =>
      table.chains.some((chain) => chain.name === "DOCKER_OUTPUT")
    );
    const rulesets = pairs.map(([config, facts]) =>
      buildRuleset(config, { ...facts, dockerOutput: docker })
    );
    return { before, rulesets };
  });

// Outside of the quoted comment: names, numbers, addresses and options, parted by single blanks.
const WORD = String.raw`(?:!|[A-Za-z0-9._:/,@+-]+|"kuma/mesh/transparent/proxy/[A-Za-z0-9 ,.'-]*")`;
const LINE = new RegExp(String.raw`^(?:-[AI] KUMA_MESH|-[AI] [A-Z]+)[A-Za-z0-9_.-]*(?: ${WORD})+$`);
const OTHER_LINE = /^(?:\* (?:raw|nat|mangle)|-N KUMA_MESH_[A-Za-z0-9_.-]+|COMMIT|)$/;

Deno.test("no configuration, however hostile, yields a character outside the rule grammar", () => {
  let refused = 0, drawn = 0;
  fc.assert(
    fc.property(anyConfig("hostile"), anyFacts("hostile"), (config, facts) => {
      let text: string;
      drawn++;
      try {
        text = renderRestore(buildRuleset(config, facts));
      } catch (error) {
        assert(error instanceof KumaError && error.code === "KUMA-TP-101", String(error));
        refused++;
        return;
      }
      for (const line of text.split("\n")) assert(LINE.test(line) || OTHER_LINE.test(line), line);
    }),
    runs(20_000),
  );
  assert(refused > drawn / 20, `only ${refused} of ${drawn} hostile configurations were refused`);
});

Deno.test("what is rendered parses back to the same rules, short and long", () => {
  fc.assert(
    fc.property(ruleset, fc.boolean(), (rules, verbose) => {
      const parsed = parseRestore(renderRestore(rules, { verbose }), rules.family);
      assert.deepEqual(parsed, rules);
    }),
    RUNS,
  );
});

Deno.test("a transition leaves the desired rules and every foreign one", () => {
  fc.assert(
    fc.property(host(2), ({ before, rulesets: [first = NONE, second = NONE] }) => {
      const known = knownRules(first);
      const one = applyRestore(before, planTransition(before, first).text);
      assertHas(one, first);
      assert.equal(planTransition(one, first, { known }).text, "");
      const two = applyRestore(one, planTransition(one, second, { known }).text);
      assertHas(two, second);
      assert.deepEqual(foreignOf(two), foreignOf(before));
    }),
    RUNS,
  );
});

Deno.test("install, then uninstall: the firewall is what it was", () => {
  fc.assert(
    fc.property(host(1), ({ before, rulesets: [rules = NONE] }) => {
      const installed = applyRestore(before, planTransition(before, rules).text);
      const known = knownRules(rules);
      const plan = planTransition(installed, undefined, { known });
      const after = applyRestore(installed, plan.text);
      assert.deepEqual(without(after, plan.emptied), without(before, plan.emptied));
      for (const name of plan.emptied) assert(!holdsRules(before, name), name);
      assert.equal(planTransition(after, undefined, { known }).text, "");
    }),
    RUNS,
  );
});

Deno.test("rolled back, our rules stand where they stood", () => {
  fc.assert(
    fc.property(host(2), ({ before: start, rulesets: [first = NONE, second = NONE] }) => {
      const before = applyRestore(start, planTransition(start, first).text);
      const known = [...knownRules(first), ...knownRules(second)];
      const options = { known: knownRules(first) };
      const after = applyRestore(before, planTransition(before, second, options).text);
      const plan = planRestoreOf(before, after, { known });
      const back = applyRestore(after, plan.text);
      assert.deepEqual(without(back, plan.emptied), without(before, plan.emptied));
      assert.equal(planRestoreOf(before, back, { known }).text, "");
    }),
    RUNS,
  );
});

function assertHas(state: SavedState, rules: Ruleset): void {
  assert.deepEqual(compare(rules, state, { known: knownRules(rules) }), []);
}

/** Every foreign rule, in the order of its chain. */
function foreignOf(state: SavedState): unknown {
  return state.tables.flatMap((table) =>
    table.chains.filter((chain) => !chain.name.startsWith("KUMA_MESH_")).map((chain) => [
      table.name,
      chain.name,
      rulesOf(table, chain.name).filter((rule) => FOREIGN.has(rule.text)).map((rule) => rule.text),
    ])
  ).filter(([, , texts]) => texts !== undefined && texts.length > 0);
}

const FOREIGN = new Set(
  fc.sample(anyForeignSave(), 200).flatMap((text) =>
    text.split("\n").filter((line) => line.startsWith("-A ")).map((line) =>
      line.split(" ").slice(2).join(" ")
    )
  ),
);

function without(state: SavedState, tables: readonly string[]): SavedState["tables"] {
  return state.tables.filter((table) => !tables.includes(table.name));
}

function holdsRules(state: SavedState, name: string): boolean {
  return state.tables.some((table) => table.name === name && table.rules.length > 0);
}
