/**
 * Comparing the table of nftables in the kernel with the one that should be there.
 *
 * @module
 */
import { compareNft } from "core/rules/nft/compare.ts";
import type { NftImage } from "core/rules/nft/image.ts";
import type { NftTable } from "core/rules/nft/model.ts";
import { hasPassthroughIpv6 } from "../interfaces.ts";
import type { Session } from "../transparent_proxy/session.ts";
import type { InstallSubject } from "./install.ts";
import { planNftables, tableOf } from "./plan.ts";
import { NftSocket } from "./socket.ts";
import { readTable } from "./table.ts";

/** What was found. */
export interface NftCheck {
  /** One line each; none where the rules are as they should be. */
  readonly differences: string[];
  readonly table: NftTable;
  /** Undefined where there is no table of ours. */
  readonly found: NftImage | undefined;
}

/**
 * Compares, and changes nothing.
 *
 * @throws {KumaError} as planning does, `KUMA-TP-210` where the kernel does not tell.
 */
export function checkNftables(
  { document, config, around }: InstallSubject,
  session: Session,
): NftCheck {
  const { families, table } = planNftables(document, config, session, around);
  using socket = new NftSocket();
  const found = readTable(socket);
  const differences = compareNft(table, found);
  const ipv6 = families.some(({ family }) => family === "ipv6");
  if (!ipv6 || hasPassthroughIpv6()) return { differences, table, found };
  // An install goes without IPv6 where the kernel refuses `::6`, or where there was no IPv6 address yet.
  const ipv4 = tableOf(families.filter(({ family }) => family === "ipv4"));
  if (document.ipFamilyMode !== "ipv6" && compareNft(ipv4, found).length === 0) {
    return { differences: [], table: ipv4, found };
  }
  const missing = "ipv6: the address ::6/128 of the loopback interface is missing";
  return { differences: [missing, ...differences], table, found };
}
