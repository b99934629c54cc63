/**
 * The transaction for a pod whose network namespace somebody else looks at and writes to: by the same steps as an
 * installation that is there itself.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { isUserName } from "core/proxy/resolve.ts";
import type { Family } from "core/proxy/resolved.ts";
import { encodeTransaction } from "core/rules/nft/batch.ts";
import { installation } from "core/rules/nft/encode.ts";
import { imageOf } from "core/rules/nft/image.ts";
import type { Bytes } from "core/rules/nft/wire.ts";
import { parseIfInet6 } from "../interfaces.ts";
import { backendFor } from "../transparent_proxy/backend.ts";
import type { Place } from "../transparent_proxy/place.ts";
import { resolved } from "../transparent_proxy/prepare.ts";
import { requireIpv6 } from "../transparent_proxy/require_ipv6.ts";
import { openSession, patienceOf } from "../transparent_proxy/session.ts";
import { planNftables } from "./plan.ts";
import type { Surroundings } from "./surroundings.ts";

/** What was seen of a pod's namespace that holds no rules of anybody. */
export interface FreshPod {
  /** Of its nf_tables: the transaction is refused where that has changed. */
  readonly generation: number;
  /** Text of its /proc/net/if_inet6; empty where it has no IPv6. */
  readonly inet6: string;
  /** Text of the host's /etc/resolv.conf; empty where that is not known. */
  readonly resolvConf: string;
}

/** What is to be sent there, and what is in force then. */
export interface PodTransaction {
  readonly batch: Bytes;
  /** Sequence number of the message that is acknowledged once it is in force. */
  readonly acknowledged: number;
  /** `::6/128` belongs on its loopback interface first. */
  readonly passthrough: boolean;
  readonly families: readonly Family[];
  readonly ipv6Skipped: string | undefined;
}

/** A fresh namespace: neither nf_tables nor a table of iptables-legacy. */
const NOTHING: Surroundings = {
  chains: [],
  reason: undefined,
  legacy: [],
  legacyChains: { ipv4: [], ipv6: [] },
  ourTable: false,
  forbidden: false,
};

/** The front gives no other loopback interface's pods. */
const LOOPBACK = "lo";
const RESOLV_CONF = "/etc/resolv.conf";

/**
 * Plans it; words where the pod is none for a transaction alone: iptables, users to be looked up, files not known.
 *
 * @throws {KumaError} as planning does.
 */
export function podTransaction(
  document: TransparentProxyConfig,
  pod: FreshPod,
  logger: Logger,
): PodTransaction | string {
  if (isUserName(document.kumaDPUser)) return "the sidecar's user is a name of the node";
  const addresses = parseIfInet6(pod.inet6);
  let passthrough = false, missed: string | undefined;
  const place: Place = {
    loopback: () => LOOPBACK,
    ipv6Addresses: () => addresses,
    addPassthroughIpv6: () => passthrough = true,
    readText: (path) => {
      if (path === RESOLV_CONF && pod.resolvConf !== "") return pod.resolvConf;
      missed = `${path} is not known`;
      throw new KumaError("KUMA-HOST-164", missed);
    },
  };
  const options = { logger, place, netnsPath: "fresh" };
  const choice = backendFor(document, NOTHING, options);
  if (choice.backend !== "nftables") return `the backend is ${choice.backend}: ${choice.reason}`;
  const session = openSession(options, patienceOf(document), false);
  const config = resolved(document, session, undefined);
  const plan = planNftables(document, config, session, NOTHING);
  requireIpv6(config, plan.ipv6Skipped, {
    acting: () => false,
    pod: true,
    addresses: place.ipv6Addresses,
  });
  if (missed !== undefined) return missed;
  const { generation } = pod;
  const change = installation(imageOf(plan.table));
  const { bytes, acknowledged } = encodeTransaction(change, { first: 1, generation });
  const families = plan.families.map(({ family }) => family);
  return { batch: bytes, acknowledged, passthrough, families, ipv6Skipped: plan.ipv6Skipped };
}
