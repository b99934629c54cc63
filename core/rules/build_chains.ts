/**
 * The four chains of our own in the nat table.
 *
 * @module
 */
import type { Match, Rule } from "./model.ts";
import {
  destination,
  destinationPort,
  jump,
  owner,
  protocol,
  redirect,
  RETURN,
  type RuleWriter,
  source,
} from "./rule_writer.ts";

const tcp = protocol("tcp");

/** Rules of KUMA_MESH_INBOUND: what of the inbound TCP is redirected to Envoy. */
export function inboundRules(plan: RuleWriter): Rule[] {
  const { chain, redirectChain, enabled, includePorts, excludePorts, excludeAddresses } =
    plan.config.inbound;
  if (!enabled) return [plan.rule(chain, "inbound redirection is off", [tcp], RETURN)];
  const rules = plan.ownFamily(excludeAddresses).map(({ text }) =>
    plan.rule(chain, "source left alone", [source(text)], RETURN)
  );
  const enter = jump(redirectChain);
  if (includePorts.length > 0) {
    const included = (port: number): Rule =>
      plan.rule(chain, "included inbound port", [tcp, destinationPort(port)], enter);
    return [...rules, ...includePorts.map(included)];
  }
  return [
    ...rules,
    ...excludePorts.map((port) =>
      plan.rule(chain, "inbound port left alone", [tcp, destinationPort(port)], RETURN)
    ),
    plan.rule(chain, "all other inbound TCP goes to Envoy", [tcp], enter),
  ];
}

/** Rules of KUMA_MESH_OUTBOUND: what of the outbound TCP is redirected to Envoy. */
export function outboundRules(plan: RuleWriter): Rule[] {
  const { chain, redirectChain, enabled, includePorts, excludePorts } = plan.config.outbound;
  if (!enabled) return [plan.rule(chain, "outbound redirection is off", [tcp], RETURN)];
  const included = includePorts.length > 0;
  const enter = jump(redirectChain);
  const leaveAlone = (port: number): Rule =>
    plan.rule(chain, "outbound port left alone", [tcp, destinationPort(port)], RETURN);
  const include = (port: number): Rule =>
    plan.rule(chain, "included outbound port", [tcp, destinationPort(port)], enter);
  return [
    ...(included ? [] : excludePorts.map(leaveAlone)),
    ...loopbackRules(plan),
    ...dnsRules(plan),
    plan.rule(chain, "localhost stays local", destination(plan.localhost), RETURN),
    ...(included
      ? includePorts.map(include)
      : [plan.rule(chain, "all other outbound TCP goes to Envoy", [], enter)]),
  ];
}

/** Traffic of the sidecar and over loopback: where it would go in circles without an exception. */
function loopbackRules(plan: RuleWriter): Rule[] {
  const { config, facts, passthrough, localhost } = plan;
  const { chain } = config.outbound;
  const loopback: Match = { kind: "outInterface", name: facts.loopback };
  const sidecar = owner(config.uid);
  const others: Match = { kind: "uidOwner", uids: { from: config.uid, to: config.uid }, not: true };
  const elsewhere: Match = { kind: "destination", address: localhost, not: true };
  const notDns: Match[] = plan.dns ? [{ kind: "destinationPort", port: 53, not: true }] : [];
  return [
    plan.rule(
      chain,
      "inbound passthrough of Envoy reaches the application",
      [source(passthrough), loopback],
      RETURN,
    ),
    plan.rule(
      chain,
      "an application that calls itself comes in through Envoy",
      [tcp, ...notDns, loopback, elsewhere, sidecar],
      jump(config.inbound.redirectChain),
    ),
    plan.rule(
      chain,
      "loopback traffic of others stays local",
      [tcp, ...notDns, loopback, others],
      RETURN,
    ),
    plan.rule(chain, "traffic of Envoy itself goes out", [sidecar], RETURN),
  ];
}

function dnsRules(plan: RuleWriter): Rule[] {
  const { config, dnsTargets } = plan;
  return dnsTargets.map((server) =>
    plan.rule(
      config.outbound.chain,
      "DNS queries over TCP go to the DNS proxy",
      [...destination(server), tcp, destinationPort(53)],
      redirect(config.dns.port),
    )
  );
}

/** The two chains that hand a connection over to Envoy. */
export function redirectRules(plan: RuleWriter): Rule[] {
  const { inbound, outbound } = plan.config;
  return [
    plan.rule(inbound.redirectChain, "inbound listener of Envoy", [tcp], redirect(inbound.port)),
    plan.rule(outbound.redirectChain, "outbound listener of Envoy", [tcp], redirect(outbound.port)),
  ];
}
