/**
 * Which backend writes the rules.
 *
 * @module
 */
import type { FirewallBackend } from "core/proxy/config.ts";

/** What the choice depends on. */
export interface ChoiceFacts {
  readonly asked: FirewallBackend;
  /** In a pod's netns that a runtime is about to make (kuma-cni). */
  readonly pod: boolean;
  /** A setting that only iptables can follow, by its name: executables that were named, firewalld's file. */
  readonly iptablesOnly: string | undefined;
  /** Why the kernel's nf_tables cannot be used; undefined where it can. */
  readonly obstacle: string | undefined;
  /** Our table of nftables is there already. */
  readonly ourTable: boolean;
  /** Rules of ours are in tables of iptables-nft. */
  readonly ourIptables: boolean;
  /** Others have rules of iptables, or NAT chains in our hooks. */
  readonly others: boolean;
}

/** A backend, with the reason for whoever reads the log. */
export type Choice =
  | {
    readonly backend: "nftables" | "iptables";
    readonly reason: string;
    /** The other one may be tried where this one cannot be used. */
    readonly fallback: boolean;
  }
  | { readonly backend: "refused"; readonly reason: string };

/**
 * The choice. `auto` never changes what is there already, and takes nftables by itself only where nobody else
 * has a say: in the fresh netns of a pod; elsewhere iptables, as before there was a choice, unless
 * the host has none.
 */
export function chooseBackend(facts: ChoiceFacts): Choice {
  const { asked, iptablesOnly, obstacle } = facts;
  if (asked === "iptables") {
    return { backend: "iptables", reason: "it was asked for", fallback: false };
  }
  if (asked === "nftables") {
    if (iptablesOnly !== undefined) {
      return { backend: "refused", reason: `${iptablesOnly} works with iptables only` };
    }
    if (obstacle !== undefined) return { backend: "refused", reason: obstacle };
    return { backend: "nftables", reason: "it was asked for", fallback: false };
  }
  const iptables = (reason: string): Choice => ({
    backend: "iptables",
    reason,
    fallback: obstacle === undefined && iptablesOnly === undefined,
  });
  if (iptablesOnly !== undefined) return iptables(`${iptablesOnly} is set`);
  if (obstacle !== undefined) return iptables(obstacle);
  if (facts.ourTable && !facts.ourIptables) {
    return { backend: "nftables", reason: "it is in use already", fallback: false };
  }
  if (facts.ourIptables) return iptables("it is in use already");
  if (facts.others) return iptables("others have rules here");
  if (facts.pod) {
    return { backend: "nftables", reason: "the pod's network namespace is fresh", fallback: true };
  }
  return iptables("it is the default outside of pods");
}
