/**
 * Names of the options that our rules use, as iptables(8) and iptables-extensions(8) spell them.
 *
 * @module
 */

/** Short names with their long form: what `--verbose` writes. */
export const SHORT_TO_LONG: ReadonlyMap<string, string> = new Map([
  ["-N", "--new-chain"],
  ["-A", "--append"],
  ["-I", "--insert"],
  ["-p", "--protocol"],
  ["-s", "--source"],
  ["-d", "--destination"],
  ["-i", "--in-interface"],
  ["-o", "--out-interface"],
  ["-m", "--match"],
  ["-j", "--jump"],
  ["--dport", "--destination-port"],
  ["--sport", "--source-port"],
]);

const ALIASES: readonly (readonly [string, string])[] = [
  ["--src", "-s"],
  ["--dst", "-d"],
  ["--proto", "-p"],
  ["--goto", "-g"],
  ["--to-port", "--to-ports"],
  ["--destination-ports", "--dports"],
  ["--source-ports", "--sports"],
];

const SHORT: ReadonlyMap<string, string> = new Map([
  ...[...SHORT_TO_LONG].map(([short, long]) => [long, short] as const),
  ...ALIASES,
]);

/** The name under which rules are compared: the short one where there is one. */
export function shortName(option: string): string {
  return SHORT.get(option) ?? option;
}
