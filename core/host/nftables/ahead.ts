/**
 * Other people's rules of nftables that packets meet before ours, asked of the kernel. Nothing is changed.
 *
 * @module
 */
import type { RuleAhead } from "core/rules/ahead.ts";
import {
  type ForeignChain,
  foreignChain,
  foreignRule,
  isAhead,
  nftRulesAhead,
  type OurPriorities,
} from "core/rules/nft/ahead.ts";
import { NFPROTO_INET, NFT_MSG, RULE } from "core/rules/nft/attributes.ts";
import { NFPROTO } from "core/rules/nft/expressions.ts";
import { NFT_TABLE } from "core/rules/nft/model.ts";
import { attributesOf, textOf } from "core/rules/nft/wire.ts";
import { NftSocket } from "./socket.ts";
import { IPTABLES_TABLES } from "./surroundings.ts";

const FAMILIES = { ip: NFPROTO.ipv4, ip6: NFPROTO.ipv6, inet: NFPROTO_INET } as const;

/**
 * The rules that come before ours.
 *
 * @param ours where ours begin in each hook
 * @param iptables whether the tables of iptables-nft count; they do not where `iptables-save` has listed them
 * @throws {KumaError} `KUMA-TP-210` the kernel does not tell.
 */
export function nftablesAhead(ours: OurPriorities, iptables: boolean): RuleAhead[] {
  using socket = new NftSocket();
  return Object.entries(FAMILIES).flatMap(([family, number]) => {
    const chains = socket.dump(NFT_MSG.GETCHAIN, number)
      .map((bytes) => foreignChain(family, bytes))
      .filter((chain) => isOthers(chain, iptables) && isAhead(chain, ours));
    return [...Map.groupBy(chains, ({ table }) => table)].flatMap(([table, bases]) => {
      // A kernel that lists more than it was asked for is possible.
      const rules = socket.dump(NFT_MSG.GETRULE, number, [[RULE.TABLE, table]])
        .filter((bytes) =>
          textOf(attributesOf(bytes).get(RULE.TABLE) ?? new Uint8Array(0)) === table
        );
      return nftRulesAhead(bases, rules.map(foreignRule));
    });
  });
}

function isOthers({ family, table }: ForeignChain, iptables: boolean): boolean {
  if (family === "inet") return table !== NFT_TABLE;
  return iptables || !IPTABLES_TABLES.includes(table);
}
