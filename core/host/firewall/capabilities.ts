/**
 * What iptables and the kernel can do for one family, found by trying: the whole ruleset first, and only
 * where that is refused, each match and each table on its own.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { type TableName, TABLES } from "core/rules/model.ts";
import { type Children, failureText } from "./children.ts";
import type { Tools } from "./tools.ts";

/** Extensions of iptables that the rules use. */
const MATCHES = ["owner", "tcp", "udp", "comment", "conntrack", "multiport"] as const;
type MatchName = typeof MATCHES[number];

/** The part of the host's facts that follows from what iptables can do. */
export interface Capabilities {
  readonly comments: boolean;
  readonly conntrackZones: boolean;
  readonly mangle: boolean;
}

/** A host that can do everything: what is assumed until a ruleset is refused. */
export const FULL: Capabilities = { comments: true, conntrackZones: true, mangle: true };
/** A host of which nothing can be known: a dry run without iptables, or not as root. */
export const NONE: Capabilities = { comments: false, conntrackZones: false, mangle: false };

/**
 * Probes one by one.
 *
 * @throws {KumaError} `KUMA-TP-202` where the least that the rules need is not there, `-203` a program was killed.
 */
export async function probeCapabilities(children: Children, tools: Tools): Promise<Capabilities> {
  const matches = new Set<MatchName>();
  for (const match of MATCHES) {
    if (await succeeds(children, [tools.iptables, "-m", match, "-h"])) matches.add(match);
  }
  const tables = new Set<TableName>();
  for (const table of TABLES) {
    if (await succeeds(children, [tools.save, "-t", table])) tables.add(table);
  }
  const lacking = [
    ...(tables.has("nat") ? [] : ['missing table: "nat"']),
    ...(["tcp", "owner"] as const).filter((match) => !matches.has(match))
      .map((match) => `missing module: "${match}"`),
  ];
  if (lacking.length > 0) {
    throw new KumaError(
      "KUMA-TP-202",
      `${tools.iptables} cannot be used: unmet minimal requirements: ${lacking.join(", ")}`,
    );
  }
  return {
    comments: matches.has("comment"),
    conntrackZones: tables.has("raw") && matches.has("conntrack") && matches.has("udp"),
    mangle: tables.has("mangle"),
  };
}

/** Whether a program ends well. One that was killed has not said that anything is lacking. */
async function succeeds(children: Children, argv: [string, ...string[]]): Promise<boolean> {
  const result = await children.run(argv);
  if (result.signal === null) return result.code === 0;
  throw new KumaError("KUMA-TP-203", `${argv.join(" ")} failed: ${failureText(result)}`);
}

/** Whether both say the same. */
export function sameCapabilities(a: Capabilities, b: Capabilities): boolean {
  return a.comments === b.comments && a.conntrackZones === b.conntrackZones &&
    a.mangle === b.mangle;
}
