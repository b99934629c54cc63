/**
 * What to tell a person whose node has another agent that keeps rewriting the CNI config.
 *
 * @module
 */

const GENERAL = "find the agent that owns the file and let it keep other plugins' entries";

/** One sentence, by the names of the files in the net dir. */
export function hintFor(names: readonly string[]): string {
  if (names.some((name) => name.includes("cilium"))) {
    return 'Cilium does so unless it is told not to: set cni.exclusive=false (cni-exclusive: "false")';
  }
  if (names.some((name) => name.includes("azure"))) {
    return "AKS restores its file now and then; the entry is put back each time";
  }
  if (names.some((name) => /multus/.test(name))) {
    return "Multus copies the first config that it finds: give it a fixed one, or use standalone mode";
  }
  return GENERAL;
}
