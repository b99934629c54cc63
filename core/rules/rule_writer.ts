/**
 * What the builders of the single chains share: the configuration and facts, what follows from both, and
 * short ways to write a rule.
 *
 * @module
 */
import type {
  Family,
  FamilyFacts,
  IpPrefix,
  NumberRange,
  ResolvedConfig,
} from "../proxy/resolved.ts";
import { PASSTHROUGH_ADDRESSES } from "../proxy/config.ts";
import type { Match, Rule, Target } from "./model.ts";

/** Bits of a prefix that is one address. */
const PREFIX: Record<Family, number> = { ipv4: 32, ipv6: 128 };
const LOCALHOST: Record<Family, string> = { ipv4: "127.0.0.1/32", ipv6: "::1/128" };

/** Writes the rules of one family, made once for each ruleset. */
export class RuleWriter {
  readonly config: ResolvedConfig;
  readonly facts: FamilyFacts;
  /** DNS is redirected for this family. */
  readonly dns: boolean;
  /** Conntrack zones keep the application's DNS apart from the DNS proxy's own. */
  readonly zones: boolean;
  /** Source of Envoy's passthrough connections. */
  readonly passthrough: string;
  readonly localhost: string;
  /** Servers to redirect, or one `undefined` where all DNS is captured. */
  readonly dnsTargets: readonly (string | undefined)[];

  constructor(config: ResolvedConfig, facts: FamilyFacts) {
    this.config = config;
    this.facts = facts;
    const { dns } = config;
    this.dns = dns.enabled && (dns.captureAll || facts.dnsServers.length > 0);
    // Docker rewrites the DNS port in its own chain, which capture-all already hands over to.
    const docker = dns.captureAll && facts.dockerOutput;
    this.zones = this.dns && dns.zoneSplit && facts.conntrackZones && !docker;
    this.passthrough = `${PASSTHROUGH_ADDRESSES[facts.family]}/${PREFIX[facts.family]}`;
    this.localhost = LOCALHOST[facts.family];
    this.dnsTargets = !this.dns ? [] : dns.captureAll ? [undefined] : facts.dnsServers;
  }

  /** An appended rule; the comment stays away where comments are off or do not work. */
  rule(chain: string, comment: string, matches: readonly Match[], target: Target): Rule {
    const commented = this.config.comments && this.facts.comments;
    return commented ? { chain, comment, matches, target } : { chain, matches, target };
  }

  /** The addresses of this plan's family. */
  ownFamily(addresses: readonly IpPrefix[]): readonly IpPrefix[] {
    return addresses.filter((address) => address.family === this.facts.family);
  }
}

/** `rules` as inserts at the head of their chain, in their order: positions 1, 2, 3 … */
export function inserted(rules: readonly Rule[]): Rule[] {
  return rules.map((rule, index) => ({ ...rule, insertAt: index + 1 }));
}

/** `-p PROTOCOL` */
export function protocol(name: "tcp" | "udp"): Match {
  return { kind: "protocol", protocol: name };
}

/** `-s ADDRESS` */
export function source(address: string): Match {
  return { kind: "source", address };
}

/** `-d ADDRESS`, or nothing for no address. */
export function destination(address: string | undefined): Match[] {
  return address === undefined ? [] : [{ kind: "destination", address }];
}

/** `--dport PORT` */
export function destinationPort(port: number): Match {
  return { kind: "destinationPort", port };
}

/** `-m owner --uid-owner UIDS` */
export function owner(uids: number | NumberRange): Match {
  return { kind: "uidOwner", uids: typeof uids === "number" ? { from: uids, to: uids } : uids };
}

/** `-j CHAIN` */
export function jump(chain: string): Target {
  return { kind: "jump", chain };
}

/** `-j REDIRECT --to-ports PORT` */
export function redirect(port: number): Target {
  return { kind: "redirect", port };
}

/** `-j RETURN` */
export const RETURN: Target = { kind: "return" };
