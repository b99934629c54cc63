/**
 * What to tell a person whose node has another agent that keeps rewriting the CNI config: at `check` beforehand, and
 * in the log once it happens.
 *
 * @module
 */

/** The agents that are known for it. */
export const REWRITERS = {
  cilium:
    'Cilium must run with cni.exclusive=false (cni-exclusive: "false"), or it takes the entry out again',
  aks:
    "AKS restores its file now and then (chaining has no support there); it is put back each time",
  multus:
    "Multus copies the first config that it finds: give it a fixed one, or use standalone mode (cni.chained=false)",
} as const;

/** By what a file's name in the net dir holds. */
const BY_NAME: readonly (readonly [part: string, hint: string])[] = [
  ["cilium", REWRITERS.cilium],
  ["azure", REWRITERS.aks],
  ["multus", REWRITERS.multus],
];

/** One sentence, by the names of the files in the net dir. */
export function hintFor(names: readonly string[]): string {
  const known = BY_NAME.find(([part]) => names.some((name) => name.includes(part)));
  return known?.[1] ?? "find the agent that owns the file and let it keep other plugins' entries";
}
