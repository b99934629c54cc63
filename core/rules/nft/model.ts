/**
 * The rules as native nftables: one table of family `inet` for both IP families, with base chains of its
 * own. Beside the iptables model (`core/rules/model.ts`), from which it is derived rule by rule.
 *
 * @module
 */
import type { Target } from "../model.ts";
import type { Family, NumberRange } from "../../proxy/resolved.ts";

/** Name of the one table of ours, in family `inet`. Nobody else's rules are ever in it. */
export const NFT_TABLE = "kuma-mesh";

/** What makes a chain a base chain: nf_tables.h, `NFTA_CHAIN_TYPE` and `NFTA_CHAIN_HOOK`. */
export interface NftBase {
  readonly type: "nat" | "filter";
  readonly hook: "prerouting" | "output";
  /** Chains of one hook run in ascending order; iptables' own stand at -300, -150 and -100. */
  readonly priority: number;
}

/** One value, or the name of a set that holds several. */
export type NftValue<T> = { readonly one: T } | { readonly set: string };

/** One match of a rule. */
export type NftMatch =
  | { readonly kind: "protocol"; readonly protocol: "tcp" | "udp" }
  | {
    readonly kind: "address";
    readonly side: "source" | "destination";
    readonly value: NftValue<string>;
    readonly not?: true;
  }
  | {
    readonly kind: "interface";
    readonly side: "in" | "out";
    /** Exact, or a prefix that ends in `+`, as iptables has it. */
    readonly name: string;
    readonly not?: true;
  }
  | {
    readonly kind: "port";
    readonly side: "source" | "destination";
    readonly value: NftValue<NumberRange>;
    readonly not?: true;
  }
  /** UID of the sending socket, as the user namespace that owns the netns counts it. */
  | { readonly kind: "uid"; readonly value: NftValue<NumberRange>; readonly not?: true }
  | { readonly kind: "invalid" };

/** Where a matching packet goes: as with iptables. */
export type NftTarget = Target;

/** One rule. */
export interface NftRule {
  /** Only packets of this family; both where it is left out. */
  readonly family?: Family;
  /** Whole, with the prefix of ours; absent where comments are off. */
  readonly comment?: string;
  readonly matches: readonly NftMatch[];
  readonly target: NftTarget;
}

/** One chain with its rules in order. */
export interface NftChain {
  readonly name: string;
  readonly base?: NftBase;
  readonly rules: readonly NftRule[];
}

/** What a set's keys are. */
export type NftSetType = "port" | "ipv4" | "ipv6" | "uid";

/** Values from `from` to `to`, both included: big-endian bytes in hexadecimal, so that text order is order. */
export interface NftElement {
  readonly from: string;
  readonly to: string;
}

/** A named set; its elements are disjoint and in ascending order. */
export interface NftSet {
  readonly name: string;
  readonly type: NftSetType;
  /** Holds ranges (`NFT_SET_INTERVAL`). */
  readonly interval: boolean;
  readonly elements: readonly NftElement[];
}

/** The table. */
export interface NftTable {
  readonly sets: readonly NftSet[];
  readonly chains: readonly NftChain[];
}
