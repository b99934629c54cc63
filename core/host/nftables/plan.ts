/**
 * From the configuration and the host to the one table of nftables. Only looks, but for `::6` on the loopback
 * interface.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { Family, ResolvedConfig } from "core/proxy/resolved.ts";
import { buildRuleset } from "core/rules/build.ts";
import type { Ruleset } from "core/rules/model.ts";
import { buildNftTable } from "core/rules/nft/build.ts";
import type { NftTable } from "core/rules/nft/model.ts";
import { FULL } from "../firewall/capabilities.ts";
import { dnsServersOf, factsOf } from "../transparent_proxy/facts.ts";
import { type Basis, ipv6Obstacle, skipIpv6 } from "../transparent_proxy/prepare.ts";
import type { Session } from "../transparent_proxy/session.ts";
import { hasDockerOutput, type Surroundings } from "./surroundings.ts";

/** One family's rules, before they become part of the table. */
export interface NftFamily {
  readonly family: Family;
  readonly dnsServers: readonly string[];
  readonly ruleset: Ruleset;
}

/** The plan for both families. */
export interface NftPlan {
  readonly families: readonly NftFamily[];
  readonly ipv6Skipped: string | undefined;
  readonly table: NftTable;
}

/**
 * Looks at the host and plans.
 *
 * @throws {KumaError} `KUMA-TP-209` the DNS servers cannot be read, `KUMA-TP-211` where IPv6 alone is asked for
 *   and cannot be had.
 */
export function planNftables(
  document: TransparentProxyConfig,
  config: ResolvedConfig,
  session: Session,
  around: Surroundings,
): NftPlan {
  const basis = { config, loopback: session.place.loopback() };
  if (config.dns.captureAll && Object.values(around.legacyChains).includes(undefined)) {
    session.logger.warn(
      "whether Docker's DNS chain is in a table of iptables-legacy cannot be seen: if it is, switch the " +
        "conntrack zones of DNS off",
    );
  }
  const families: NftFamily[] = [];
  if (config.ipFamilyMode !== "ipv6") families.push(planFamily("ipv4", basis, session, around));
  const ipv6 = planIpv6(document, basis, session, around);
  if (typeof ipv6 !== "string") families.push(ipv6);
  else if (config.ipFamilyMode === "ipv6") {
    throw new KumaError("KUMA-TP-211", `IPv6 rules cannot be set up: ${ipv6}`);
  }
  return {
    families,
    ipv6Skipped: typeof ipv6 === "string" ? ipv6 : undefined,
    table: tableOf(families),
  };
}

/** The table that holds the rules of these families. */
export function tableOf(families: readonly NftFamily[]): NftTable {
  return buildNftTable(families.map(({ ruleset }) => ruleset));
}

function planIpv6(
  document: TransparentProxyConfig,
  basis: Basis,
  session: Session,
  around: Surroundings,
): NftFamily | string {
  const obstacle = ipv6Obstacle(document, basis, session);
  if (obstacle !== undefined) return obstacle;
  try {
    return planFamily("ipv6", basis, session, around);
  } catch (error) {
    if (!(error instanceof KumaError) || error.code !== "KUMA-TP-209") throw error;
    return skipIpv6(errorText(error), true, session);
  }
}

function planFamily(
  family: Family,
  { config, loopback }: Basis,
  { logger, place }: Session,
  around: Surroundings,
): NftFamily {
  const dnsServers = dnsServersOf(config, family, logger, place.readText);
  const dockerOutput = hasDockerOutput(around, family);
  const given = { family, loopback, dnsServers, dockerOutput, capabilities: FULL };
  return { family, dnsServers, ruleset: buildRuleset(config, factsOf(config, given, logger)) };
}
