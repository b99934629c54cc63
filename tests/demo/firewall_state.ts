import { must, which } from "tests/support/processes.ts";
import { inside } from "tests/support/traffic/namespaces.ts";

const LISTERS = [
  "iptables-nft-save",
  "ip6tables-nft-save",
  "iptables-legacy-save",
  "ip6tables-legacy-save",
];

/**
 * Everything that the namespace's firewall holds, both families and both flavours of iptables, by the
 * program that listed it; without dates and packet counters, which change by themselves.
 */
export async function firewallState(ns: string): Promise<Map<string, string>> {
  const state = new Map<string, string>();
  for (const lister of LISTERS.filter((name) => which(name) !== undefined)) {
    const [program = "", ...prefix] = inside(ns);
    const listed = await must(program, [...prefix, lister]);
    const text = listed.split("\n").filter((line) => !line.startsWith("#")).join("\n");
    state.set(lister, text.replace(/\[\d+:\d+\]/g, "[0:0]"));
  }
  return state;
}

/** A firewall that somebody else uses already: a chain and rules of their own in the same tables. */
export async function addForeignRules(ns: string): Promise<void> {
  const [program = "", ...prefix] = inside(ns);
  for (const tool of ["iptables", "ip6tables"]) {
    const add = (...args: string[]) => must(program, [...prefix, tool, "-t", "nat", ...args]);
    await add("-N", "FOREIGN");
    await add("-A", "FOREIGN", "-p", "tcp", "--dport", "1", "-j", "RETURN");
    await add("-A", "POSTROUTING", "-j", "FOREIGN");
  }
}
