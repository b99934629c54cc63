/** The exit code of a command line that failed. Scripts must not take a failure for a difference: 2 where a diff was asked for, as diff(1) has it. */
export function exitCodeOf(words: readonly string[]): number {
  const asked = words.some((word) => word === "--diff" || word.startsWith("--diff="));
  return asked && words.some((word) => word === "transparent-proxy") ? 2 : 1;
}
