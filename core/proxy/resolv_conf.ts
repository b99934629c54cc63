import { isIpv4, isIpv6, mappedIpv4 } from "core/grammar/address.ts";
import type { Family } from "./resolved.ts";

/**
 * The servers of one family in the text of a resolv.conf (man page resolv.conf(5)): the second word of
 * each line whose first word is `nameserver`; order and duplicates are kept, without the resolver's limit
 * of three.
 *
 * Scoped servers (`fe80::1%eth0`) are skipped: Kuma 2.9 takes them for servers without an address, which
 * gives a rule that matches every server. An IPv4 server in IPv6 clothes (`::ffff:10.0.0.1`) is an IPv4
 * one, since that is what the packets are.
 */
export function parseNameservers(text: string, family: Family): string[] {
  const servers: string[] = [];
  for (const line of text.split("\n")) {
    // Most lines are comments or of other kinds.
    if (!line.includes("nameserver")) continue;
    const [keyword, word = ""] = line.replaceAll("\t", " ").trim().split(" ").filter((part) =>
      part !== ""
    );
    if (keyword !== "nameserver") continue;
    const address = mappedIpv4(word) ?? word;
    if (family === "ipv4" ? isIpv4(address) : isIpv6(address)) servers.push(address);
  }
  return servers;
}
