/**
 * The rules as a graph: chains and ends are nodes, rules are edges. What pictures are drawn from.
 *
 * @module
 */
import type { ExplainedPacket } from "./explain.ts";
import type { Rule, Ruleset, Table } from "./model.ts";
import { matches } from "./verdict.ts";

/** A chain, or where packets end. */
export interface GraphNode {
  readonly id: string;
  readonly label: string;
  readonly kind: "chain" | "end";
}

/** A rule, from its chain to where it sends what it matches. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** What the rule is for. */
  readonly label: string;
  /** The explained packet met this rule. */
  readonly met: boolean;
  /** As which one of those that it met, counted from 1; absent for the others. */
  readonly step?: number;
}

/** Nodes in the order of the tables and chains, edges in the order of the rules. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** The graph of the chains that packets of the explained one's direction may pass. Pure. */
export function graphOf(ruleset: Ruleset, { packet, steps }: ExplainedPacket): Graph {
  const hook = packet.hook === "output" ? "OUTPUT" : "PREROUTING";
  // nftables has base chains of other names, and its one table.
  const stepOf = (rule: Rule) => {
    // Several rules may be there for the same reason; one of them is the packet's.
    if (!rule.matches.every((match) => matches(match, packet))) return 0;
    return steps.findIndex(({ why, chain }) =>
      why === rule.comment && (chain === rule.chain || rule.chain === hook)
    ) + 1;
  };
  const nodes = new Map<string, GraphNode>();
  const edges = ruleset.tables.flatMap((table) => {
    const chains = reachable(table, hook);
    for (const chain of chains) {
      const id = `${table.name}/${chain}`;
      nodes.set(id, { id, label: `${table.name} ${chain}`, kind: "chain" });
    }
    const rules = table.rules.filter(({ chain }) => chains.includes(chain));
    return rules.map((rule): GraphEdge => {
      const to = targetOf(rule, table);
      if (!nodes.has(to.id)) nodes.set(to.id, to);
      const label = rule.comment ?? "";
      const from = `${table.name}/${rule.chain}`;
      const step = stepOf(rule);
      return { from, to: to.id, label, met: step > 0, ...step > 0 ? { step } : {} };
    });
  });
  return { nodes: [...nodes.values()], edges };
}

function reachable(table: Table, hook: string): string[] {
  const found: string[] = [];
  const visit = (chain: string): void => {
    if (found.includes(chain)) return;
    found.push(chain);
    for (const { chain: at, target } of table.rules) {
      if (at === chain && target.kind === "jump" && table.chains.includes(target.chain)) {
        visit(target.chain);
      }
    }
  };
  if (table.rules.some(({ chain }) => chain === hook)) visit(hook);
  return found;
}

function targetOf({ target, chain }: Rule, { name, chains }: Table): GraphNode {
  const end = (id: string, label: string): GraphNode => ({ id, label, kind: "end" });
  switch (target.kind) {
    case "jump":
      return chains.includes(target.chain)
        ? { id: `${name}/${target.chain}`, label: `${name} ${target.chain}`, kind: "chain" }
        : end(target.chain, `${target.chain} of others`);
    case "redirect":
      return end(`port/${target.port}`, `port ${target.port} of this host`);
    case "zone":
      return end(`zone/${target.zone}`, `conntrack zone ${target.zone}, then on`);
    case "drop":
      return end("drop", "dropped");
    case "return":
      return end("alone", "left alone");
    case "log":
      return end(`log/${chain}`, "logged, then on");
  }
}
