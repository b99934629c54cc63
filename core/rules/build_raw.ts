/**
 * The raw table: conntrack zones for DNS over UDP. The application asks in zone 2 and is answered by the
 * DNS proxy; the DNS proxy asks its upstream in zone 1. Without the split, both conversations may share
 * one tuple and conntrack hands an answer to the wrong asker.
 *
 * @module
 */
import type { Match, Rule, Target } from "./model.ts";
import {
  destination,
  destinationPort,
  owner,
  protocol,
  type RuleWriter,
  source,
} from "./rule_writer.ts";

const UPSTREAM: Target = { kind: "zone", zone: 1 };
const APPLICATION: Target = { kind: "zone", zone: 2 };

/** Rules of raw PREROUTING, then of raw OUTPUT. */
export function zoneRules(plan: RuleWriter): Rule[] {
  const { config, dnsTargets } = plan;
  const answers = dnsTargets.map((server) => {
    const matches = [...(server === undefined ? [] : [source(server)]), udp, sourcePort(53)];
    return plan.rule("PREROUTING", "DNS answers from upstream use zone 1", matches, UPSTREAM);
  });
  const sidecar = owner(config.uid);
  const asks = [udp, destinationPort(53), sidecar];
  const serves = [udp, sourcePort(config.dns.port), sidecar];
  return [
    ...answers,
    plan.rule("OUTPUT", "DNS queries of the sidecar use zone 1", asks, UPSTREAM),
    plan.rule("OUTPUT", "DNS answers of the sidecar use zone 2", serves, APPLICATION),
    ...dnsTargets.flatMap((server) => serverRules(plan, server)),
  ];
}

function serverRules(plan: RuleWriter, server: string | undefined): Rule[] {
  const asks = [...destination(server), udp, destinationPort(53)];
  const rules = [plan.rule("OUTPUT", "DNS queries of applications use zone 2", asks, APPLICATION)];
  if (server !== undefined && isLoopback(server)) {
    // Docker's server 127.0.0.11 and local stubs answer from a rewritten port: port 53 does not match.
    const answers = [source(server), ...destination(plan.localhost), udp];
    rules.push(plan.rule("OUTPUT", "answers of a local DNS server use zone 1", answers, UPSTREAM));
  }
  return rules;
}

const udp = protocol("udp");

function sourcePort(port: number): Match {
  return { kind: "sourcePort", port };
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address.includes(":") && /^[0:]+:0{0,3}1$/.test(address);
}
