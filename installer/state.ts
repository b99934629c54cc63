/**
 * Where an installation is.
 *
 * @module
 */

/** The program may be there or not; what counts is whether pods are caught. */
export type InstallState =
  /** There is no config to chain to. */
  | { readonly kind: "waiting"; readonly reason: string }
  /** The config has our entry. */
  | {
    readonly kind: "chained";
    readonly file: string;
    /** Marks of the net dir that were found right; undefined where that is to be looked at again. */
    readonly marks: string | undefined;
  }
  /** Something does not work. */
  | { readonly kind: "broken"; readonly reason: string };

/** All kinds, as metrics name them. */
export const STATE_KINDS = ["chained", "waiting", "broken"] as const;

/** Why it is not ready; empty where it is. */
export function reasonOf(state: InstallState): string {
  return state.kind === "chained" ? "" : state.reason;
}

/** The same, to be looked at again. */
export function unverified(state: InstallState): InstallState {
  return state.kind === "chained" ? { ...state, marks: undefined } : state;
}
