/**
 * Chains of others where iptables-nft wants its own: it cannot put a rule in there, and `iptables-nft-restore --test`
 * does not see it, since it commits nothing.
 *
 * @module
 */
import type { Family } from "core/proxy/resolved.ts";
import type { Ruleset, TableName } from "core/rules/model.ts";
import { CHAIN, NFT_MSG } from "core/rules/nft/attributes.ts";
import { NFPROTO } from "core/rules/nft/expressions.ts";
import { attributesOf, textOf } from "core/rules/nft/wire.ts";
import { placeOf } from "./base_chains.ts";
import { NftSocket } from "./socket.ts";

/**
 * Hook and priority of iptables' chains that rules of ours go into, each of its type; linux/netfilter_ipv4.h. The
 * kernel refuses a chain that is there with another of the three, or with none.
 */
const PLACES: Readonly<
  Record<TableName, Readonly<Record<string, readonly [string, number, number]>>>
> = {
  raw: { PREROUTING: ["filter", 0, -300], OUTPUT: ["filter", 3, -300] },
  nat: { PREROUTING: ["nat", 0, -100], OUTPUT: ["nat", 3, -100] },
  mangle: { PREROUTING: ["filter", 0, -150] },
};

/** How nft calls the families. */
const NAMES: Readonly<Record<Family, string>> = { ipv4: "ip", ipv6: "ip6" };

/**
 * Those of the netns that the main thread is in, that keep these rules from being put in: `ip nat OUTPUT`.
 *
 * @throws {KumaError} `KUMA-TP-210` the kernel does not tell what is there.
 */
export function clashingChains({ family, tables }: Ruleset): string[] {
  using socket = new NftSocket();
  return socket.dump(NFT_MSG.GETCHAIN, NFPROTO[family]).flatMap((bytes) => {
    const chain = attributesOf(bytes);
    const [tableName, name] = [CHAIN.TABLE, CHAIN.NAME].map((type) =>
      textOf(chain.get(type) ?? new Uint8Array(0))
    );
    const table = tables.find((one) => one.name === tableName);
    if (name === undefined || !table?.rules.some((rule) => rule.chain === name)) return [];
    const wanted = PLACES[table.name][name];
    if (wanted === undefined) return [];
    const place = placeOf(chain);
    const found = [place?.type, place?.hook, place?.priority];
    return wanted.every((one, index) => one === found[index])
      ? []
      : [`${NAMES[family]} ${tableName} ${name}`];
  });
}
