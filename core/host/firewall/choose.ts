import type { Flavour } from "./version.ts";

/** What decides about a flavour that works: see {@linkcode chooseFlavour}. */
export interface FlavourUse {
  /** raw, nat or mangle hold rules or chains. */
  readonly rules: boolean;
  /** Docker's chain for its own DNS is there. */
  readonly docker: boolean;
}

/**
 * The flavour to write to: the one that the host uses already; where both are in use, the one with
 * Docker's DNS chain, else nft and `conflict`; where none is, nft.
 */
export function chooseFlavour(
  nft: FlavourUse,
  legacy: FlavourUse,
): { readonly flavour: Flavour; readonly conflict: boolean } {
  if (!legacy.rules) return { flavour: "nft", conflict: false };
  if (!nft.rules) return { flavour: "legacy", conflict: false };
  if (nft.docker !== legacy.docker) {
    return { flavour: nft.docker ? "nft" : "legacy", conflict: false };
  }
  return { flavour: "nft", conflict: true };
}
