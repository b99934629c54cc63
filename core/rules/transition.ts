/**
 * From the firewall as it is to the firewall as it should be, as text for `iptables-restore --noflush`:
 * one block and so one commit a table, which takes away what is ours and puts in what is desired. Rules,
 * counters and policies of others are not in the text at all, so they cannot suffer.
 *
 * @module
 */
import { KumaError } from "../errors.ts";
import { tableDiffers, tablePairs } from "./diff.ts";
import { isOurChain, type Ruleset, type Table } from "./model.ts";
import { type KnownRule, knownWith, type Ownerships, ownerships } from "./ownership.ts";
import { renderRule } from "./render.ts";
import type { SavedState, SavedTable } from "./saved.ts";

/** A change of the firewall, for one family. */
export interface Transition {
  /** Input of `iptables-restore --noflush`; empty where nothing has to change. */
  readonly text: string;
  /** The tables that change, in the order of their commits. */
  readonly tables: readonly string[];
  /**
   * Changed tables that hold nothing any more: built-in chains with policy ACCEPT and no rule. With nft
   * they can be taken away; legacy keeps them until the namespace ends.
   */
  readonly emptied: readonly string[];
}

/** What {@linkcode planTransition} may be told. */
export interface TransitionOptions {
  /** Rules that are ours though they carry no comment. */
  readonly known?: readonly KnownRule[] | undefined;
}

/**
 * The change that leaves exactly `desired` of our rules; `undefined` takes all of them away.
 *
 * @throws KumaError KUMA-TP-103 where somebody else's rule stands in, or jumps to, a chain of ours:
 *   nothing is planned then, for no table. KUMA-TP-101 where a desired rule cannot be written.
 */
export function planTransition(
  saved: SavedState,
  desired: Ruleset | undefined,
  options: TransitionOptions = {},
): Transition {
  const owners = ownerships(saved, knownWith(options.known, desired, saved));
  refuseStrangers(saved, owners);
  const changed = tablePairs(desired, saved)
    .filter(({ wanted, found }) => tableDiffers(wanted, found, owners));
  const blocks = changed.map(({ name, wanted, found }) => [
    `*${name}`,
    ...removal(found, owners, wanted?.chains ?? []),
    ...(wanted?.chains ?? []).map((chain) => `:${chain} - [0:0]`),
    ...(wanted?.rules ?? []).map((rule) => renderRule(rule)),
    "COMMIT\n",
  ]);
  return {
    text: blocks.map((block) => block.join("\n")).join(""),
    tables: changed.map(({ name }) => name),
    emptied: changed.filter(({ wanted, found }) => emptied(wanted, found, owners))
      .map(({ name }) => name),
  };
}

/**
 * Lines that take our rules and chains out of a table; chains in `kept` are flushed but not deleted.
 * Rules go by their listed text, not by number: a number may mean another rule by the time it is used.
 */
export function removal(
  table: SavedTable | undefined,
  owners: Ownerships,
  kept: readonly string[],
): string[] {
  if (table === undefined) return [];
  const deletions = table.rules
    .filter((rule) => !isOurChain(rule.chain) && owners.get(rule) !== "foreign")
    .map((rule) => `-D ${rule.chain} ${rule.text}`.trimEnd());
  const chains = table.chains.map((chain) => chain.name).filter(isOurChain);
  return [
    ...deletions,
    // All are flushed before the first is deleted: they jump to each other.
    ...chains.map((chain) => `-F ${chain}`),
    ...chains.filter((chain) => !kept.includes(chain)).map((chain) => `-X ${chain}`),
  ];
}

function refuseStrangers(saved: SavedState, owners: Ownerships): void {
  for (const table of saved.tables) {
    const rule = table.rules.find((rule) => owners.get(rule) === "stranger");
    if (rule === undefined) continue;
    throw new KumaError(
      "KUMA-TP-103",
      `Cannot replace the rules in table ${table.name}: it is not known who wrote this one: ` +
        `-A ${rule.chain} ${rule.text}`,
      { hint: `if it is not needed, delete it by hand (iptables -t ${table.name} -D ...)` },
    );
  }
}

function emptied(
  wanted: Table | undefined,
  found: SavedTable | undefined,
  owners: Ownerships,
): boolean {
  if (wanted !== undefined || found === undefined) return false;
  return found.rules.every((rule) => owners.get(rule) === "ours") &&
    found.chains.every(({ name, builtin, policy }) =>
      builtin ? policy === "ACCEPT" : isOurChain(name)
    );
}
