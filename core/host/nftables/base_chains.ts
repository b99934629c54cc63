/**
 * Base chains of nf_tables: those that the kernel calls. linux/netfilter/nf_tables.h.
 *
 * @module
 */
import { CHAIN, HOOK, NFPROTO_INET, NFT_MSG } from "core/rules/nft/attributes.ts";
import { NFPROTO } from "core/rules/nft/expressions.ts";
import { attributesOf, type Bytes, numberOf, textOf } from "core/rules/nft/wire.ts";
import { saysNeverNfTables } from "./nft_error.ts";
import { NftSocket } from "./socket.ts";
import { IPTABLES_TABLES } from "./surroundings.ts";

/** One of them. */
export interface BaseChain {
  readonly family: "ip" | "ip6" | "inet";
  readonly table: string;
  readonly name: string;
  /** `filter`, `nat` or `route`. */
  readonly type: string;
  /** Of `enum nf_inet_hooks`. */
  readonly hook: number;
  readonly priority: number;
  /** Whether it drops what its rules do not accept. */
  readonly drops: boolean;
}

const FAMILIES = { ip: NFPROTO.ipv4, ip6: NFPROTO.ipv6, inet: NFPROTO_INET } as const;
/** `NF_INET_LOCAL_IN`. */
const INPUT = 1;
/** `NF_DROP`. */
const DROP = 0;

/**
 * All of the netns that the main thread is in; none where the kernel has no nf_tables.
 *
 * @throws {KumaError} `KUMA-TP-210` the kernel does not tell what is in them.
 */
export function baseChains(): BaseChain[] {
  try {
    using socket = new NftSocket();
    return (["ip", "ip6", "inet"] as const).flatMap((family) =>
      socket.dump(NFT_MSG.GETCHAIN, FAMILIES[family])
        .flatMap((bytes) => baseChain(family, attributesOf(bytes)))
    );
  } catch (error) {
    if (saysNeverNfTables(error)) return [];
    throw error;
  }
}

function baseChain(family: BaseChain["family"], chain: Map<number, Bytes>): BaseChain[] {
  const place = placeOf(chain);
  if (place === undefined) return [];
  return [{
    family,
    table: words(chain, CHAIN.TABLE),
    name: words(chain, CHAIN.NAME),
    ...place,
    drops: number(chain.get(CHAIN.POLICY), 1) === DROP,
  }];
}

/** Where the kernel calls a chain; undefined for one that it does not call. */
export function placeOf(
  chain: Map<number, Bytes>,
): Pick<BaseChain, "type" | "hook" | "priority"> | undefined {
  const hook = chain.get(CHAIN.HOOK);
  if (hook === undefined) return undefined;
  const place = attributesOf(hook);
  return {
    type: words(chain, CHAIN.TYPE),
    hook: number(place.get(HOOK.NUMBER), -1),
    priority: number(place.get(HOOK.PRIORITY), 0),
  };
}

const words = (chain: Map<number, Bytes>, type: number) =>
  textOf(chain.get(type) ?? new Uint8Array(0));

// Priorities are signed.
const number = (bytes: Bytes | undefined, missing: number) =>
  bytes === undefined ? missing : numberOf(bytes) | 0;

/** Those that drop what arrives and their rules do not let in, but for iptables' own: as `inet filter input`. */
export function closedInputChains(chains: readonly BaseChain[]): string[] {
  return chains.filter(({ family, table, type, hook, drops }) =>
    type === "filter" && hook === INPUT && drops &&
    (family === "inet" || !IPTABLES_TABLES.includes(table))
  ).map(nameOf);
}

function nameOf({ family, table, name }: BaseChain): string {
  return `${family} ${table} ${name}`;
}
