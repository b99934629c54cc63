/**
 * The firewall as `iptables-save` lists it. A rule keeps its exact text, so that what others wrote is
 * never written anew, beside the canonical form by which rules are compared.
 *
 * @module
 */

/** What a rule has matched since it was put in. In table nat, a packet is a connection: its first one. */
export interface Count {
  readonly packets: number;
  readonly bytes: number;
}

/** One listed rule. */
export interface SavedRule {
  readonly chain: string;
  /** Everything after `-A CHAIN `, byte for byte. */
  readonly text: string;
  /** Form for comparison, see {@linkcode canonicalWords}. */
  readonly canonical: string;
  /** Text of the comment match, without quotes; absent for a rule without one. */
  readonly comment?: string;
  /** The chain or target after `-j` or `-g`; absent for a rule that only counts. */
  readonly target?: string;
  /** Where the listing was asked for counters. */
  readonly count?: Count;
}

/** One listed chain. */
export interface SavedChain {
  readonly name: string;
  /** `ACCEPT`, `DROP`; `-` for a chain that is not built in. */
  readonly policy: string;
  readonly builtin: boolean;
}

/** One listed table: its chains, and its rules in listing order (grouped by chain). */
export interface SavedTable {
  readonly name: string;
  readonly chains: readonly SavedChain[];
  readonly rules: readonly SavedRule[];
}

/** One family's firewall. */
export interface SavedState {
  readonly tables: readonly SavedTable[];
  /**
   * Tables that iptables-nft cannot list because something else than iptables wrote into them
   * (``# Table `nat' is incompatible, use 'nft' tool.``). Their rules are unknown.
   */
  readonly incompatible: readonly string[];
}

/** A firewall without any table, as in a fresh namespace. */
export const EMPTY_STATE: SavedState = { tables: [], incompatible: [] };

/** The rules of one chain, in order. */
export function rulesOf(table: SavedTable | undefined, chain: string): readonly SavedRule[] {
  return table?.rules.filter((rule) => rule.chain === chain) ?? [];
}
