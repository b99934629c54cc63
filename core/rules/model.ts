/**
 * The firewall program as data: table → rules, in the order in which they are written.
 *
 * @module
 */
import type { Family, NumberRange } from "../proxy/resolved.ts";

/** The tables that are ever used, in the order in which they are written. */
export const TABLES = ["raw", "nat", "mangle"] as const;
/** Name of one of {@linkcode TABLES}. */
export type TableName = typeof TABLES[number];

/** Every chain of ours starts with this. */
const CHAIN_PREFIX = "KUMA_MESH";

/** Whether a chain's name says that it is ours. */
export function isOurChain(name: string): boolean {
  return name.startsWith(`${CHAIN_PREFIX}_`);
}

/** Every comment of ours starts with this; clean-up finds our rules by it. */
export const COMMENT_PREFIX = "kuma/mesh/transparent/proxy/";

/** One match of a rule; a rule writes its matches in the order of the list. */
export type Match =
  /** `-m NAME` alone, where Kuma 2.9's argument order names a module before its options. */
  | { readonly kind: "module"; readonly name: "udp" | "multiport" | "owner" }
  | { readonly kind: "protocol"; readonly protocol: "tcp" | "udp" }
  | { readonly kind: "source"; readonly address: string; readonly not?: true }
  | { readonly kind: "destination"; readonly address: string; readonly not?: true }
  | { readonly kind: "inInterface"; readonly name: string; readonly not?: true }
  | { readonly kind: "outInterface"; readonly name: string; readonly not?: true }
  | { readonly kind: "sourcePort"; readonly port: number; readonly not?: true }
  | { readonly kind: "destinationPort"; readonly port: number; readonly not?: true }
  /** Ports of a multiport match: at most 15 slots, a range takes two. */
  | { readonly kind: "destinationPorts"; readonly ports: readonly NumberRange[] }
  /** `-m owner [!] --uid-owner`. */
  | { readonly kind: "uidOwner"; readonly uids: NumberRange; readonly not?: true }
  | { readonly kind: "ctState"; readonly state: "INVALID" };

/** Where a matching packet goes. */
export type Target =
  | { readonly kind: "jump"; readonly chain: string }
  | { readonly kind: "return" }
  | { readonly kind: "drop" }
  | { readonly kind: "redirect"; readonly port: number }
  | { readonly kind: "zone"; readonly zone: number }
  | { readonly kind: "log"; readonly prefix: string; readonly level: number };

/** One rule line. */
export interface Rule {
  readonly chain: string;
  /** 1-based position of an insert (`-I CHAIN n`); absent for an append (`-A CHAIN`). */
  readonly insertAt?: number;
  /** What the rule is for, without {@linkcode COMMENT_PREFIX}; absent where comments are off. */
  readonly comment?: string;
  readonly matches: readonly Match[];
  readonly target: Target;
}

/** One table: the chains it creates, and its rules in the order in which they are written. */
export interface Table {
  readonly name: TableName;
  readonly chains: readonly string[];
  readonly rules: readonly Rule[];
}

/** All that is put into the firewall for one family; tables without rules are left out. */
export interface Ruleset {
  readonly family: Family;
  readonly tables: readonly Table[];
}
