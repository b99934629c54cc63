/**
 * What an operation changes in the firewall and at interfaces, as lines before and after: what `--diff` shows.
 *
 * Empty tables that iptables makes, or that go again with the last rule, are not among them.
 *
 * @module
 */
import { listChange } from "core/rules/listing.ts";
import { listImage, listTable } from "core/rules/nft/listing.ts";
import type { NftImage } from "core/rules/nft/image.ts";
import { NFT_TABLE, type NftTable } from "core/rules/nft/model.ts";
import type { FirewallChange } from "../firewall/transaction.ts";
import { hasPassthroughIpv6 } from "../interfaces.ts";
import type { HostChange } from "./host_change.ts";

/** The changes of tables of iptables. */
export function iptablesChanges(changes: readonly FirewallChange[]): HostChange[] {
  return changes.filter(({ transition }) => transition.text !== "").map(({ view, transition }) => ({
    subject: `${view.tools.family === "ipv4" ? "iptables" : "ip6tables"}-${view.tools.flavour}`,
    ...listChange(view.state, transition),
  }));
}

/** The change of the table of nftables. */
export function nftChange(found: NftImage | undefined, wanted: NftTable | undefined): HostChange {
  return {
    subject: `nftables, table inet ${NFT_TABLE}`,
    before: found === undefined ? undefined : listImage(found),
    after: wanted === undefined ? undefined : listTable(wanted),
  };
}

/** `::6` on the loopback interface, which an installation with IPv6 adds and nothing takes away. */
export function addressChange(loopback: string): HostChange {
  const address = ["::6/128"];
  return {
    subject: `addresses of ${loopback}`,
    before: hasPassthroughIpv6() ? address : [],
    after: address,
  };
}
