/**
 * Chains of nftables that drop what they do not let in: linux/netfilter/nf_tables.h.
 *
 * @module
 */
import { CHAIN, HOOK, NFPROTO_INET, NFT_MSG } from "core/rules/nft/attributes.ts";
import { NFPROTO } from "core/rules/nft/expressions.ts";
import { attributesOf, type Bytes, numberOf, textOf } from "core/rules/nft/wire.ts";
import { saysNeverNfTables } from "./nft_error.ts";
import { NftSocket } from "./socket.ts";

/** `NF_INET_LOCAL_IN` of `enum nf_inet_hooks`. */
const LOCAL_IN = 1;
/** `NF_DROP`. */
const DROP = 0;
const FAMILIES = { ip: NFPROTO.ipv4, ip6: NFPROTO.ipv6, inet: NFPROTO_INET };

/**
 * Base chains at the hook input whose policy is to drop, as `inet filter input`, in the netns that the main thread is
 * in; those of iptables are among them. None where the kernel has no nf_tables.
 *
 * @throws {KumaError} `KUMA-TP-210` the kernel does not tell what is in them.
 */
export function closedInputChains(): string[] {
  try {
    using socket = new NftSocket();
    return Object.entries(FAMILIES).flatMap(([name, family]) =>
      socket.dump(NFT_MSG.GETCHAIN, family).map(attributesOf).filter(isClosedInput)
        .map((chain) => `${name} ${words(chain, CHAIN.TABLE)} ${words(chain, CHAIN.NAME)}`)
    );
  } catch (error) {
    if (saysNeverNfTables(error)) return [];
    throw error;
  }
}

function isClosedInput(chain: Map<number, Bytes>): boolean {
  const hook = chain.get(CHAIN.HOOK), policy = chain.get(CHAIN.POLICY);
  if (hook === undefined || policy === undefined) return false;
  const number = attributesOf(hook).get(HOOK.NUMBER);
  return words(chain, CHAIN.TYPE) === "filter" && number !== undefined &&
    numberOf(number) === LOCAL_IN && numberOf(policy) === DROP;
}

function words(chain: Map<number, Bytes>, type: number): string {
  return textOf(chain.get(type) ?? new Uint8Array(0));
}
