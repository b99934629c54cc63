/**
 * A firewall in memory that takes `iptables-restore --noflush` text: it holds parsed state, commits a
 * table at a time and refuses what the real one refuses. What a change would leave is told by it, and tests of
 * whoever plans a change use it.
 *
 * @module
 */
import { savedRule } from "./parse_save.ts";
import type { SavedChain, SavedRule, SavedState, SavedTable } from "./saved.ts";

/** Built-in chains of each table, in listing order. */
const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  raw: ["PREROUTING", "OUTPUT"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
};

interface Draft {
  readonly name: string;
  readonly chains: Map<string, SavedChain>;
  readonly rules: Map<string, SavedRule[]>;
}

/** Refused by the simulated firewall, with the line that failed. */
class RefusedLine extends Error {}

/**
 * The state after `text` was restored over `state`, with nft's ways: a table that was not there is
 * created by its first mention.
 *
 * @throws RefusedLine on the first line that a real firewall would refuse; as `state` is never changed,
 *   that is "nothing happened" (a real one keeps the tables that were committed before).
 */
export function applyRestore(state: SavedState, text: string): SavedState {
  const tables = new Map(state.tables.map((table) => [table.name, table]));
  let draft: Draft | undefined;
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith("*")) {
      const name = line.slice(1).trim();
      draft = open(name, tables.get(name));
    } else if (draft === undefined) throw new RefusedLine(line);
    else if (line === "COMMIT") {
      tables.set(draft.name, close(draft));
      draft = undefined;
    } else step(draft, line);
  }
  if (draft !== undefined) throw new RefusedLine(`no COMMIT for ${draft.name}`);
  return { tables: [...tables.values()], incompatible: state.incompatible };
}

function open(name: string, table: SavedTable | undefined): Draft {
  const builtIn = BUILT_IN[name];
  if (table === undefined && builtIn === undefined) throw new RefusedLine(`*${name}`);
  const chains = table?.chains ??
    (builtIn ?? []).map((chain) => ({ name: chain, policy: "ACCEPT", builtin: true }));
  return {
    name,
    chains: new Map(chains.map((chain) => [chain.name, chain])),
    rules: Map.groupBy(table?.rules ?? [], (rule) => rule.chain),
  };
}

function close({ name, chains, rules }: Draft): SavedTable {
  const byName = (a: SavedChain, b: SavedChain) => a.name < b.name ? -1 : 1;
  const all = [...chains.values()];
  const listed = [
    ...all.filter((chain) => chain.builtin),
    ...all.filter((chain) => !chain.builtin).sort(byName),
  ];
  return { name, chains: listed, rules: listed.flatMap((chain) => rules.get(chain.name) ?? []) };
}

function step(draft: Draft, line: string): void {
  const [, verb = "", chain = "", rest = ""] = /^(-[A-Z]|:)\s*(\S+)\s*(.*)$/.exec(line) ?? [];
  const rules = draft.rules.get(chain) ?? [];
  const refuseUnless = (holds: boolean) => {
    if (!holds) throw new RefusedLine(line);
  };
  if (verb === "-N") refuseUnless(!draft.chains.has(chain));
  else if (verb !== ":") refuseUnless(draft.chains.has(chain));
  switch (verb) {
    case ":":
    case "-N":
      refuseUnless(draft.chains.get(chain)?.builtin !== true);
      draft.chains.set(chain, { name: chain, policy: "-", builtin: false });
      draft.rules.set(chain, []);
      break;
    case "-F":
      draft.rules.set(chain, []);
      break;
    case "-X":
      refuseUnless(rules.length === 0 && draft.chains.get(chain)?.builtin === false);
      refuseUnless(![...draft.rules.values()].flat().some((rule) => rule.target === chain));
      draft.chains.delete(chain);
      break;
    case "-A":
      draft.rules.set(chain, [...rules, reachable(draft, savedRule(chain, rest), line)]);
      break;
    case "-I": {
      const [, number = "0", text = ""] = /^([0-9]+) (.*)$/.exec(rest) ?? [];
      const at = Number(number) - 1;
      refuseUnless(at >= 0 && at <= rules.length);
      const rule = reachable(draft, savedRule(chain, text), line);
      draft.rules.set(chain, rules.toSpliced(at, 0, rule));
      break;
    }
    case "-D": {
      const { canonical } = savedRule(chain, rest);
      const at = rules.findIndex((rule) => rule.canonical === canonical);
      refuseUnless(at >= 0);
      draft.rules.set(chain, rules.toSpliced(at, 1));
      break;
    }
    default:
      throw new RefusedLine(line);
  }
}

const TARGETS = new Set([
  "ACCEPT",
  "DROP",
  "RETURN",
  "REDIRECT",
  "CT",
  "LOG",
  "DNAT",
  "MASQUERADE",
]);

function reachable(draft: Draft, rule: SavedRule, line: string): SavedRule {
  const target = rule.target;
  if (target !== undefined && !TARGETS.has(target) && !draft.chains.has(target)) {
    throw new RefusedLine(line);
  }
  return rule;
}
