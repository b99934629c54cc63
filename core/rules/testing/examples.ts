/**
 * Configurations and host facts for tests, as Kuma's defaults give them.
 *
 * @module
 */
import { defaultConfig, type DnsConfig } from "../../proxy/config.ts";
import type { Family, FamilyFacts, ResolvedConfig, ResolvedTraffic } from "../../proxy/resolved.ts";

/** The default configuration, resolved for UID 5678, with `changes` on top. */
export function exampleConfig(changes: Partial<ResolvedConfig> = {}): ResolvedConfig {
  const { redirect } = defaultConfig();
  return {
    uid: 5678,
    ipFamilyMode: "dualstack",
    inbound: exampleTraffic("inbound"),
    outbound: exampleTraffic("outbound"),
    dns: exampleDns(redirect.dns),
    vnets: [],
    dropInvalidPackets: false,
    logLevel: undefined,
    comments: true,
    ...changes,
  };
}

/** One direction at its defaults, with `changes` on top. */
export function exampleTraffic(
  direction: "inbound" | "outbound",
  changes: Partial<ResolvedTraffic> = {},
): ResolvedTraffic {
  const { enabled, port, chainName, redirectChainName } = defaultConfig().redirect[direction];
  return {
    enabled,
    port,
    includePorts: [],
    excludePorts: [],
    excludeUids: [],
    excludeAddresses: [],
    insertJump: false,
    chain: `KUMA_MESH_${chainName}`,
    redirectChain: `KUMA_MESH_${redirectChainName}`,
    ...changes,
  };
}

/** DNS of a configuration: off by default, with zone split where it is on. */
export function exampleDns(changes: Partial<DnsConfig> = {}): ResolvedConfig["dns"] {
  const { dns } = defaultConfig().redirect;
  const { enabled, port, captureAll, resolvConfigPath } = { ...dns, ...changes };
  return { enabled, port, captureAll, zoneSplit: true, resolvConfigPath };
}

/** A host on which everything works, with one DNS server, with `changes` on top. */
export function exampleFacts(family: Family, changes: Partial<FamilyFacts> = {}): FamilyFacts {
  return {
    family,
    loopback: "lo",
    dnsServers: [family === "ipv4" ? "10.96.0.10" : "fd00::10"],
    comments: true,
    conntrackZones: true,
    mangle: true,
    dockerOutput: false,
    ...changes,
  };
}
