/**
 * The built-in chains of the nat table that are ever used: PREROUTING and OUTPUT.
 *
 * @module
 */
import type { NumberRange, VirtualNetwork } from "../proxy/resolved.ts";
import { MULTIPORT_SLOTS } from "./grammar.ts";
import type { Match, Rule } from "./model.ts";
import {
  destination,
  destinationPort,
  inserted,
  jump,
  owner,
  protocol,
  redirect,
  RETURN,
  type RuleWriter,
} from "./rule_writer.ts";

/** Rules of nat PREROUTING: the jump to the inbound chain, and the virtual networks ahead of it. */
export function preroutingRules(plan: RuleWriter): Rule[] {
  const { config } = plan;
  const vnets = virtualNetworks(plan);
  const enter = plan.rule(
    "PREROUTING",
    "inbound TCP takes the inbound chain of the mesh",
    [protocol("tcp")],
    jump(config.inbound.chain),
  );
  // The LOG rule is appended even where the rest is inserted: Kuma 2.9 does so.
  const log = logRules(plan, "PREROUTING");
  if (vnets.length === 0 && !config.inbound.insertJump) return [...log, enter];
  return [...log, ...inserted([...vnets.flatMap((vnet) => vnetRules(plan, vnet)), enter])];
}

/** Rules of nat OUTPUT: exclusions, then DNS, then the jump to the outbound chain. */
export function outputRules(plan: RuleWriter): Rule[] {
  const { config } = plan;
  const head = [
    ...logRules(plan, "OUTPUT"),
    ...uidExclusions(plan),
    ...addressExclusions(plan),
    ...dnsRules(plan),
  ];
  const enter = plan.rule(
    "OUTPUT",
    "outbound TCP takes the outbound chain of the mesh",
    [protocol("tcp")],
    jump(config.outbound.chain),
  );
  return config.outbound.insertJump ? inserted([...head, enter]) : [...inserted(head), enter];
}

function logRules(plan: RuleWriter, chain: "PREROUTING" | "OUTPUT"): Rule[] {
  const level = plan.config.logLevel;
  if (level === undefined) return [];
  const target = { kind: "log", prefix: `${chain}:`, level } as const;
  return [plan.rule(chain, "log what passes this chain", [], target)];
}

/** The virtual networks of this family by name; of two with one interface the last one counts. */
function virtualNetworks(plan: RuleWriter): VirtualNetwork[] {
  const byName = new Map<string, VirtualNetwork>();
  for (const vnet of plan.config.vnets) {
    if (vnet.cidr.family === plan.facts.family) byName.set(vnet.iface, vnet);
  }
  return [...byName.values()].sort((a, b) => a.iface < b.iface ? -1 : 1);
}

function vnetRules(plan: RuleWriter, { iface, cidr }: VirtualNetwork): Rule[] {
  const { dns, outbound } = plan.config;
  const arrives: Match = { kind: "inInterface", name: iface };
  const asks: Match[] = [
    arrives,
    { kind: "module", name: "udp" },
    protocol("udp"),
    destinationPort(53),
  ];
  const rules = [
    plan.rule(
      "PREROUTING",
      "DNS of a virtual network goes to the DNS proxy",
      asks,
      redirect(dns.port),
    ),
  ];
  // "Not in 0.0.0.0/0" can never be: nft refuses such a rule, legacy would keep it for nothing.
  if (/\/0+$/.test(cidr.text)) return rules;
  const leaves: Match[] = [
    { kind: "destination", address: cidr.text, not: true },
    arrives,
    protocol("tcp"),
  ];
  const target = redirect(outbound.port);
  rules.push(
    plan.rule("PREROUTING", "TCP that leaves a virtual network is outbound", leaves, target),
  );
  return rules;
}

function uidExclusions(plan: RuleWriter): Rule[] {
  return plan.config.outbound.excludeUids.flatMap((exclusion) =>
    multiportGroups(exclusion.ports).map((ports) => {
      const matches: Match[] = [
        { kind: "module", name: "multiport" },
        protocol(exclusion.protocol),
        { kind: "destinationPorts", ports },
        owner(exclusion.uids),
      ];
      return plan.rule("OUTPUT", "ports left alone for these users", matches, RETURN);
    })
  );
}

/** `ports` in groups that fit one multiport match each. */
function multiportGroups(ports: readonly NumberRange[]): NumberRange[][] {
  const groups: NumberRange[][] = [];
  let free = 0;
  for (const range of ports) {
    const slots = range.from === range.to ? 1 : 2;
    if (slots > free) {
      groups.push([]);
      free = MULTIPORT_SLOTS;
    }
    groups.at(-1)?.push(range);
    free -= slots;
  }
  return groups;
}

function addressExclusions(plan: RuleWriter): Rule[] {
  return plan.ownFamily(plan.config.outbound.excludeAddresses).map(({ text }) =>
    plan.rule("OUTPUT", "destination left alone", destination(text), RETURN)
  );
}

function dnsRules(plan: RuleWriter): Rule[] {
  if (!plan.dns) return [];
  const { config, facts } = plan;
  const asks = [protocol("udp"), destinationPort(53)];
  const sidecar = plan.rule(
    "OUTPUT",
    "DNS queries of the sidecar are left alone",
    [...asks, owner(config.uid)],
    facts.dockerOutput ? jump("DOCKER_OUTPUT") : RETURN,
  );
  const applications = plan.dnsTargets.map((server) =>
    plan.rule(
      "OUTPUT",
      "DNS queries over UDP go to the DNS proxy",
      [...destination(server), ...asks],
      redirect(config.dns.port),
    )
  );
  return [sidecar, ...applications];
}
