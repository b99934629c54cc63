/**
 * What the host is like for one family, as far as the rules depend on it.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import type { Family, FamilyFacts, ResolvedConfig } from "core/proxy/resolved.ts";
import { parseNameservers } from "core/proxy/resolv_conf.ts";
import type { Capabilities } from "../firewall/capabilities.ts";
import { HERE, type Place } from "./place.ts";

/**
 * DNS servers of one family whose traffic is to be redirected; empty where DNS is not redirected by server.
 *
 * @throws {KumaError} `KUMA-TP-209` the list cannot be read.
 */
export function dnsServersOf(
  config: ResolvedConfig,
  family: Family,
  logger: Logger,
  readText: Place["readText"] = HERE.readText,
): string[] {
  const { enabled, captureAll, resolvConfigPath } = config.dns;
  if (!enabled || captureAll) return [];
  let text: string;
  try {
    text = readText(resolvConfigPath);
  } catch (cause) {
    throw new KumaError(
      "KUMA-TP-209",
      `cannot read the DNS servers in ${resolvConfigPath}: ${errorText(cause)}`,
      { cause },
    );
  }
  const servers = parseNameservers(text, family);
  if (servers.length === 0) {
    const name = family === "ipv4" ? "IPv4" : "IPv6";
    logger.warn(
      `${resolvConfigPath} names no ${name} DNS server: DNS is not redirected for ${name}`,
      { family },
    );
  }
  return servers;
}

/** The facts for the builder; warns where conntrack zones were wanted and cannot be had. */
export function factsOf(
  config: ResolvedConfig,
  given: {
    readonly family: Family;
    readonly loopback: string;
    readonly dnsServers: readonly string[];
    /** Whether Docker's chain for its own DNS is there. */
    readonly dockerOutput: boolean;
    readonly capabilities: Capabilities;
  },
  logger: Logger,
): FamilyFacts {
  const { family, loopback, dnsServers, dockerOutput, capabilities } = given;
  const { dns } = config;
  const wanted = dns.enabled && dns.zoneSplit && (dns.captureAll || dnsServers.length > 0);
  if (wanted && !capabilities.conntrackZones) {
    logger.warn(
      "conntrack zone splitting is disabled: it needs the tables nat and raw and the matches " +
        "conntrack, udp and owner",
      { family },
    );
  } else if (wanted && dns.captureAll && dockerOutput) {
    logger.warn(
      "conntrack zone splitting is disabled: Docker's DNS chain DOCKER_OUTPUT is in use",
      { family },
    );
  }
  return { family, loopback, dnsServers, dockerOutput, ...capabilities };
}
