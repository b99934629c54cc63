/**
 * What `iptables --version` says: which flavour a program is, and how new.
 *
 * @module
 */

/** Which of the kernel's two packet filters an iptables program writes to. */
export type Flavour = "nft" | "legacy";

/** A dotted version as numbers, most significant first. */
export type Version = readonly number[];

/** What a program said about itself; `flavour` is undefined for a mode that we do not know. */
export interface Identity {
  readonly flavour: Flavour | undefined;
  /** Undefined for builds too old to tell. */
  readonly version: Version | undefined;
}

const LINE = /^ip6?tables[\w-]*[ \t]+v(\d+(?:\.\d+)*)(?:[ \t]+\(([^)]*)\))?/m;

/**
 * Reads the output of `--version`; undefined where it is none. Builds before 1.8 name no mode and are
 * legacy; very old ones do not know the option at all, and are legacy without a version.
 */
export function parseIdentity(stdout: string, stderr: string): Identity | undefined {
  const match = LINE.exec(stdout);
  if (match === null) {
    const old = /(?:unrecognized|unknown|invalid) option/i.test(stderr) &&
      stderr.includes("--version");
    return old ? { flavour: "legacy", version: undefined } : undefined;
  }
  const [, version = "", mode] = match;
  return {
    flavour: mode === "nf_tables" ? "nft" : mode === "legacy" || !mode ? "legacy" : undefined,
    version: version.split(".").map(Number),
  };
}

/** Whether `version` is `least` or newer; missing parts count as 0, an unknown version is older. */
export function isAtLeast(version: Version | undefined, least: Version): boolean {
  if (version === undefined) return false;
  for (let i = 0; i < Math.max(version.length, least.length); i++) {
    const difference = (version[i] ?? 0) - (least[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
