/**
 * From the configuration and the host's facts to the rules: which table, which chain, in which order.
 * Names, order, positions and the order of arguments are those of Kuma 2.9; users rely on them.
 *
 * @module
 */
import type { FamilyFacts, ResolvedConfig } from "../proxy/resolved.ts";
import { inboundRules, outboundRules, redirectRules } from "./build_chains.ts";
import { outputRules, preroutingRules } from "./build_nat.ts";
import { zoneRules } from "./build_raw.ts";
import type { Rule, Ruleset, Table } from "./model.ts";
import { RuleWriter } from "./rule_writer.ts";

/**
 * All rules of the family of `facts`. Pure; throws nothing (the renderer checks every value). Tables
 * without rules are left out; nat always has rules.
 *
 * @param config what the rules must do, already parsed
 * @param facts what the host can do, for one family
 */
export function buildRuleset(config: ResolvedConfig, facts: FamilyFacts): Ruleset {
  const plan = new RuleWriter(config, facts);
  const { inbound, outbound } = config;
  const tables: Table[] = [
    { name: "raw", chains: [], rules: plan.zones ? zoneRules(plan) : [] },
    {
      name: "nat",
      chains: [inbound.chain, outbound.chain, inbound.redirectChain, outbound.redirectChain],
      rules: [
        ...preroutingRules(plan),
        ...outputRules(plan),
        ...inboundRules(plan),
        ...outboundRules(plan),
        ...redirectRules(plan),
      ],
    },
    { name: "mangle", chains: [], rules: mangleRules(plan) },
  ];
  return { family: facts.family, tables: tables.filter((table) => table.rules.length > 0) };
}

function mangleRules(plan: RuleWriter): Rule[] {
  if (!plan.config.dropInvalidPackets || !plan.facts.mangle) return [];
  const matches = [{ kind: "ctState", state: "INVALID" }] as const;
  return [
    plan.rule("PREROUTING", "drop packets that belong to no connection", matches, { kind: "drop" }),
  ];
}
