/**
 * What an operation changes on the host, as lines before and after: what `--diff` shows.
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

/** One thing on the host. */
export interface HostChange {
  /** What it is: a file's path, or in words: `iptables-nft`, `addresses of lo`. */
  readonly subject: string;
  /** Its lines; undefined where it is not there. */
  readonly before: readonly string[] | undefined;
  readonly after: readonly string[] | undefined;
}

/** Those that change anything. */
export function real(changes: readonly HostChange[]): HostChange[] {
  return changes.filter(({ before, after }) => before?.join("\n") !== after?.join("\n"));
}

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

/** A file's text; undefined for none. */
export function fileChange(
  path: string,
  before: string | undefined,
  after: string | undefined,
): HostChange {
  return { subject: path, before: fileLines(before), after: fileLines(after) };
}

/** A file of JSON, written so that its members can be compared. */
export function jsonChange(path: string, before: unknown, after: unknown): HostChange {
  const text = (value: unknown) =>
    value === undefined ? undefined : JSON.stringify(value, undefined, 2);
  return fileChange(path, text(before), text(after));
}

function fileLines(text: string | undefined): string[] | undefined {
  return text?.replace(/\n$/, "").split("\n");
}
