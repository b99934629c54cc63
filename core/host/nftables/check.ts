/**
 * Comparing the table of nftables in the kernel with the one that should be there.
 *
 * @module
 */
import { compareNft } from "core/rules/nft/compare.ts";
import { hasPassthroughIpv6 } from "../interfaces.ts";
import type { Session } from "../transparent_proxy/session.ts";
import type { InstallSubject } from "./install.ts";
import { planNftables, tableOf } from "./plan.ts";
import { NftSocket } from "./socket.ts";
import { readTable } from "./table.ts";

/**
 * All differences, one line each; none where the rules are as they should be. Changes nothing.
 *
 * @throws {KumaError} as planning does, `KUMA-TP-210` where the kernel does not tell.
 */
export function checkNftables(
  { document, config, around }: InstallSubject,
  session: Session,
): string[] {
  const { families, table } = planNftables(document, config, session, around);
  using socket = new NftSocket();
  const found = readTable(socket);
  const differences = compareNft(table, found);
  const ipv6 = families.some(({ family }) => family === "ipv6");
  if (!ipv6 || hasPassthroughIpv6()) return differences;
  // An install goes without IPv6 where the kernel refuses `::6`, or where there was no IPv6 address yet.
  const ipv4 = tableOf(families.filter(({ family }) => family === "ipv4"));
  if (document.ipFamilyMode !== "ipv6" && compareNft(ipv4, found).length === 0) return [];
  return ["ipv6: the address ::6/128 of the loopback interface is missing", ...differences];
}
