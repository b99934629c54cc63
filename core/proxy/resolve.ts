/**
 * Parses every text of a configuration, once, so that nothing after this has anything left to parse.
 *
 * @module
 */
import { KumaError } from "../errors.ts";
import { DEFAULT_KUMA_DP_UID, type TrafficConfig, type TransparentProxyConfig } from "./config.ts";
import { parseIpExclusion } from "core/grammar/address.ts";
import { isDigits } from "core/grammar/characters.ts";
import { within } from "core/grammar/echo.ts";
import { CHAIN_NAME_PREFIX, parseChainSuffix } from "core/grammar/names.ts";
import { parseUid } from "core/grammar/numbers.ts";
import { parseUidExclusion } from "core/grammar/uid_exclusion.ts";
import { parseVirtualNetwork } from "core/grammar/vnet.ts";
import type {
  IpPrefix,
  ResolvedConfig,
  ResolvedTraffic,
  UidExclusion,
  VirtualNetwork,
} from "./resolved.ts";

/** Takes one line about something that was ignored. */
export type Warn = (warning: string) => void;

/**
 * Parses a configuration for the rule builder. `uid` is that of the kuma-dp process: found on the host,
 * or {@linkcode sidecarUid} in a pod.
 *
 * Where Kuma 2.9 goes wrong this goes another way: exclusions of inbound ports for UIDs are ignored with
 * a warning (incoming packets have no owner, Kuma's rule for them switches inbound redirection off).
 *
 * @throws KumaError with the code of the grammar and the words of Kuma 2.9 around the reason.
 */
export function resolveConfig(
  document: TransparentProxyConfig,
  uid: number,
  warn: Warn = () => {},
): ResolvedConfig {
  const { redirect, log } = document;
  return within("unable to initialize IPv4 redirect configuration: ", () => {
    const vnets = within(
      "unable to initialize .VNet: ",
      () => virtualNetworks(redirect.vnet.networks),
    );
    const inbound = within(
      "unable to initialize .Inbound: ",
      () => resolveTraffic(redirect.inbound, "inbound", warn),
    );
    const outbound = within(
      "unable to initialize .Outbound: ",
      () => resolveTraffic(redirect.outbound, "outbound", warn),
    );
    checkChains([inbound, outbound]);
    return {
      uid,
      ipFamilyMode: document.ipFamilyMode,
      inbound,
      outbound,
      dns: {
        enabled: redirect.dns.enabled,
        port: redirect.dns.port,
        captureAll: redirect.dns.captureAll,
        zoneSplit: !redirect.dns.skipConntrackZoneSplit,
        resolvConfigPath: redirect.dns.resolvConfigPath,
      },
      vnets,
      dropInvalidPackets: document.dropInvalidPackets,
      logLevel: log.enabled ? logLevel(log.level) : undefined,
      comments: !document.comments.disabled,
    };
  });
}

/**
 * UID of the sidecar in a pod: `kumaDPUser` as it is, without a look-up, 5678 where it is empty.
 *
 * @throws KumaError `KUMA-TP-004` where it is not a UID.
 */
export function sidecarUid(document: TransparentProxyConfig): number {
  return document.kumaDPUser === "" ? DEFAULT_KUMA_DP_UID : parseUid(document.kumaDPUser);
}

/** Whether `kumaDPUser` names a user rather than a UID, as useradd(8) takes names; such a one has to be looked up. */
export function isUserName(kumaDPUser: string): boolean {
  // Most are UIDs: the expression need not be compiled for them.
  return !isDigits(kumaDPUser) && /^[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?$/.test(kumaDPUser);
}

function resolveTraffic(
  traffic: TrafficConfig,
  direction: "inbound" | "outbound",
  warn: Warn,
): ResolvedTraffic {
  const uids = uidExclusions(traffic.excludePortsForUIDs);
  if (direction === "inbound" && uids.length > 0) {
    warn(
      "redirect.inbound.excludePortsForUIDs is ignored: incoming packets have no owner to exclude them by",
    );
  }
  if (traffic.includePorts.length > 0 && traffic.excludePorts.length > 0) {
    warn(`redirect.${direction}.excludePorts is ignored because includePorts is set`);
  }
  return {
    enabled: traffic.enabled,
    port: traffic.port,
    includePorts: traffic.includePorts,
    excludePorts: traffic.excludePorts,
    excludeUids: direction === "inbound" ? [] : uids,
    excludeAddresses: addressExclusions(traffic.excludePortsForIPs),
    insertJump: traffic.insertRedirectInsteadOfAppend,
    chain: CHAIN_NAME_PREFIX + parseChainSuffix(traffic.chainName),
    redirectChain: CHAIN_NAME_PREFIX + parseChainSuffix(traffic.redirectChainName),
  };
}

function uidExclusions(texts: readonly string[]): UidExclusion[] {
  return within(
    "parsing excluded outbound ports for uids failed: ",
    () => texts.flatMap(parseUidExclusion),
  );
}

function addressExclusions(texts: readonly string[]): IpPrefix[] {
  return within(
    "parsing excluded outbound ports for IPs failed: ",
    () => texts.flatMap(parseIpExclusion),
  );
}

/** Of several entries for one interface and family the last one counts, as in Kuma 2.9. */
function virtualNetworks(texts: readonly string[]): VirtualNetwork[] {
  const networks = new Map<string, VirtualNetwork>();
  for (const text of texts) {
    const network = parseVirtualNetwork(text);
    networks.set(`${network.cidr.family} ${network.iface}`, network);
  }
  return [...networks.values()];
}

function checkChains(directions: readonly ResolvedTraffic[]): void {
  const names = directions.flatMap(({ chain, redirectChain }) => [chain, redirectChain]);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new KumaError("KUMA-TP-011", `two chains would have the same name '${twice}'`);
  }
}

/** iptables takes the levels of syslog only. */
function logLevel(level: number): number {
  if (level <= 7) return level;
  throw new KumaError(
    "KUMA-TP-009",
    `log.level ${level} is not a syslog level: they range from 0 to 7`,
  );
}
