/**
 * What of other people's firewall the choice of a backend depends on: names of tables and chains, asked of
 * the kernel. Their rules are never read.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { FAMILIES, type Family } from "core/proxy/resolved.ts";
import { CHAIN, HOOK, HOOK_NUMBER, NFPROTO_INET, NFT_MSG } from "core/rules/nft/attributes.ts";
import { NFPROTO } from "core/rules/nft/expressions.ts";
import { actsOn, type NftImage } from "core/rules/nft/image.ts";
import { NFT_TABLE } from "core/rules/nft/model.ts";
import { attributesOf, type Bytes, numberOf, textOf } from "core/rules/nft/wire.ts";
import { isOurChain } from "core/rules/model.ts";
import { legacyTables } from "../firewall/legacy_tables.ts";
import { legacyNatChains } from "./legacy_chains.ts";
import { saysNeverNfTables, saysNotPermitted } from "./nft_error.ts";
import { NftSocket } from "./socket.ts";
import { ownTable } from "./table.ts";

/** One chain, as far as it matters here. */
export interface SeenChain {
  readonly family: "ipv4" | "ipv6" | "inet";
  readonly table: string;
  readonly name: string;
  /** A base chain of type nat at prerouting or output, where ours stand as well. */
  readonly competes: boolean;
}

/** What is there beside us. */
export interface Surroundings {
  /** Chains of nf_tables, ours left out; undefined where the kernel has none, or this process may not ask. */
  readonly chains: readonly SeenChain[] | undefined;
  /** Why there is no telling. */
  readonly reason: string | undefined;
  /** Whether this process may not ask: that nothing is seen says nothing then. */
  readonly forbidden: boolean;
  /** Tables of iptables-legacy, such as `ipv4 nat`. */
  readonly legacy: readonly string[];
  /** Chains of its nat tables, those that are not built in; undefined where the kernel does not tell. */
  readonly legacyChains: Readonly<Record<Family, readonly string[] | undefined>>;
  /** Our own table of nftables is there. */
  readonly ourTable: boolean;
}

/**
 * Looks at the netns that the main thread is in.
 *
 * @throws {KumaError} `KUMA-TP-210` the kernel has nf_tables and does not tell what is in them.
 */
export function lookAround(): Surroundings {
  const legacy = FAMILIES.flatMap((family) =>
    (legacyTables(family) ?? []).map((table) => `${family} ${table}`)
  );
  const natChains = (family: Family) =>
    legacy.includes(`${family} nat`) ? legacyNatChains(family) : [];
  const legacyChains = { ipv4: natChains("ipv4"), ipv6: natChains("ipv6") };
  try {
    using socket = new NftSocket();
    const chains = seenChains(socket);
    return {
      chains: chains.filter((chain) => !isOurs(chain)),
      reason: undefined,
      forbidden: false,
      legacy,
      legacyChains,
      ourTable: chains.some(isOurs),
    };
  } catch (error) {
    if (!saysNeverNfTables(error)) throw error;
    const { message: reason } = error;
    const forbidden = saysNotPermitted(error);
    return { chains: undefined, reason, forbidden, legacy, legacyChains, ourTable: false };
  }
}

/**
 * Makes sure that what was seen can be relied on.
 *
 * @throws {KumaError} `KUMA-TP-043` this process may not ask.
 */
export function requireSight({ forbidden, reason }: Surroundings): void {
  if (!forbidden) return;
  throw new KumaError("KUMA-TP-043", `the firewall cannot be looked at: ${reason}`, {
    hint: "run it as root, with CAP_NET_ADMIN in the network namespace",
  });
}

function seenChains(socket: NftSocket): SeenChain[] {
  const chains: SeenChain[] = [];
  for (const { family: number, attributes } of socket.dumpAll(NFT_MSG.GETCHAIN)) {
    // Those of arp, bridge and netdev meet none of our packets.
    const family = SEEN_FAMILIES[number];
    if (family !== undefined) chains.push(seenChain(family, attributesOf(attributes)));
  }
  return chains;
}

const SEEN_FAMILIES: Readonly<Record<number, SeenChain["family"]>> = {
  [NFPROTO.ipv4]: "ipv4",
  [NFPROTO.ipv6]: "ipv6",
  [NFPROTO_INET]: "inet",
};

function isOurs({ family, table }: SeenChain): boolean {
  return family === "inet" && table === NFT_TABLE;
}

function seenChain(family: SeenChain["family"], attributes: Map<number, Bytes>): SeenChain {
  const words = (type: number): string => textOf(attributes.get(type) ?? new Uint8Array(0));
  const hook = attributes.get(CHAIN.HOOK);
  const number = hook === undefined ? undefined : attributesOf(hook).get(HOOK.NUMBER);
  const hooks: readonly number[] = Object.values(HOOK_NUMBER);
  const competes = words(CHAIN.TYPE) === "nat" && number !== undefined &&
    hooks.includes(numberOf(number));
  return { family, table: words(CHAIN.TABLE), name: words(CHAIN.NAME), competes };
}

/** Tables that iptables-nft makes; whoever else uses these names is compatible with it or breaks it. */
export const IPTABLES_TABLES: readonly string[] = ["raw", "nat", "mangle", "filter", "security"];

/** Whether anybody uses iptables here, nft or legacy. */
export function usesIptables({ chains = [], legacy }: Surroundings): boolean {
  return legacy.length > 0 || chains.some(isIptables);
}

/** Whether a chain stands in a table that iptables-nft makes. */
export function isIptables({ family, table }: SeenChain): boolean {
  return family !== "inet" && IPTABLES_TABLES.includes(table);
}

/** Whether a chain of ours stands in a table of iptables, nft or legacy. */
export function holdsOurIptables({ chains = [], legacyChains }: Surroundings): boolean {
  return chains.some(({ family, name }) => family !== "inet" && isOurChain(name)) ||
    FAMILIES.some((family) => (legacyChains[family] ?? []).some(isOurChain));
}

/**
 * Whether rules of ours for IPv6 are in place, of whatever backend. A legacy table whose chains the kernel does not
 * tell may hold some.
 *
 * @param table our own of nftables; undefined where there is none
 * @throws {KumaError} `KUMA-TP-210` our table is there and cannot be read.
 */
export function holdsOurIpv6(
  around: Surroundings,
  table: () => NftImage | undefined = ownTable,
): boolean {
  const { chains = [], legacyChains } = around;
  return chains.some(({ family, name }) => family === "ipv6" && isOurChain(name)) ||
    (legacyChains.ipv6?.some(isOurChain) ?? true) ||
    around.ourTable && hasIpv6(table());
}

function hasIpv6(table: NftImage | undefined): boolean {
  return table !== undefined && actsOn(table, "ipv6");
}

/** Whether Docker's chain for its own DNS is in one family's nat table of iptables, nft or legacy. */
export function hasDockerOutput(
  { chains = [], legacyChains }: Surroundings,
  family: Family,
): boolean {
  const nft = chains.filter((chain) => chain.family === family && chain.table === "nat")
    .map(({ name }) => name);
  return [...nft, ...legacyChains[family] ?? []].includes("DOCKER_OUTPUT");
}

/** NAT chains of others in our hooks, as `inet firewalld`. */
export function competitors({ chains = [] }: Surroundings): string[] {
  const names = chains.filter(({ competes }) => competes).map(({ family, table }) =>
    `${family === "ipv4" ? "ip" : family === "ipv6" ? "ip6" : family} ${table}`
  );
  return [...new Set(names)];
}
