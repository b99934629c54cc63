/**
 * One packet, explained by the settings and by the rules that are there.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { dnsServersOf } from "core/host/transparent_proxy/facts.ts";
import { rulesHere } from "core/host/transparent_proxy/rules_here.ts";
import { lookUpUid, readPasswd } from "core/host/users.ts";
import type { Logger } from "core/log/logger.ts";
import { isUserName, resolveConfig, sidecarUid } from "core/proxy/resolve.ts";
import { FAMILIES, type Family, type ResolvedConfig } from "core/proxy/resolved.ts";
import { buildRuleset } from "core/rules/build.ts";
import { type ExplainedPacket, explainPacket } from "core/rules/explain.ts";
import type { Ruleset } from "core/rules/model.ts";
import type { Packet } from "core/rules/packet.ts";
import { ebpfHere } from "../status_ebpf.ts";
import { lookForStatus } from "../status_look.ts";
import type { PacketOutcome, RulesThere } from "./document.ts";
import type { PacketSubject } from "./subject.ts";

/** Linux calls it so in every network namespace; not looked up, so that the command works anywhere. */
export const LOOPBACK = "lo";

/** What became of it. */
export interface Explained {
  /** By the rules that are there, where they were looked at; else by those that the settings make. */
  readonly explained: ExplainedPacket;
  /** The rules that the settings make, for the packet's family. */
  readonly ruleset: Ruleset;
  readonly there: RulesThere | undefined;
  readonly assumed: readonly string[];
}

/**
 * Explains it. Changes nothing.
 *
 * @throws {KumaError} as resolving the settings does; what is there cannot be looked at.
 */
export async function explainedPacket(
  subject: PacketSubject,
  packet: Packet,
  logger: Logger,
): Promise<Explained> {
  const { config, assumed } = resolved(subject, logger);
  const rulesets = FAMILIES.filter((family) => hasRules(config, family))
    .map((family) => rulesetOf(config, family, logger));
  const empty = { family: packet.family, tables: [] };
  const ruleset = subject.untouched !== undefined
    ? empty
    : rulesets.find(({ family }) => family === packet.family) ?? empty;
  const wanted = explainPacket(ruleset, packet);
  if (subject.place === undefined) {
    const able = "the host can do all that the rules may need";
    return { explained: wanted, ruleset, there: undefined, assumed: [...assumed, able] };
  }
  const look = { subject, place: subject.place, rulesets, wanted };
  return { ...await lookThere(look, packet, logger), ruleset, assumed };
}

function hasRules({ ipFamilyMode }: ResolvedConfig, family: Family): boolean {
  return ipFamilyMode === "dualstack" || ipFamilyMode === family;
}

/** With comments, by which rules are known. */
function rulesetOf(config: ResolvedConfig, family: Family, logger: Logger): Ruleset {
  return buildRuleset(config, {
    family,
    loopback: LOOPBACK,
    dnsServers: dnsServersOf(config, family, logger),
    comments: true,
    conntrackZones: true,
    mangle: true,
    dockerOutput: false,
  });
}

/** The configuration with comments; without the user kuma-dp with its usual UID. */
function resolved(
  { document, uid: known, pod = false }: PacketSubject,
  logger: Logger,
): { config: ResolvedConfig; assumed: string[] } {
  const assumed: string[] = [];
  let uid = known;
  try {
    uid ??= (document.cniMode || pod) && !isUserName(document.kumaDPUser)
      ? sidecarUid(document)
      : lookUpUid(document.kumaDPUser, readPasswd());
  } catch (thrown) {
    if (!(thrown instanceof KumaError)) throw thrown;
    // A name that nobody has stays an error; a number can be explained without its user.
    uid = sidecarUid(document);
    assumed.push(`kuma-dp runs as user ${uid}, whom this host does not have`);
  }
  const config = resolveConfig(document, uid, (warning) => logger.warn(warning));
  return { config: { ...config, comments: true }, assumed };
}

async function lookThere(
  { subject, place, rulesets, wanted }: {
    readonly subject: PacketSubject;
    readonly place: string;
    readonly rulesets: readonly Ruleset[];
    readonly wanted: ExplainedPacket;
  },
  packet: Packet,
  logger: Logger,
): Promise<{ explained: ExplainedPacket; there: RulesThere }> {
  const bpf = await ebpfHere(subject.document);
  const firewalls = await rulesHere(packet.family, { logger });
  const backends = [
    ...bpf === undefined ? [] : ["eBPF"],
    ...firewalls.map(({ backend }) => backend),
  ];
  const differences = subject.known && subject.untouched === undefined
    ? await differencesOf(subject, place, logger)
    : [];
  const unread = [...new Set(firewalls.flatMap((one) => one.unread))];
  const told = { place, backends, differences: [...differences, ...bpf?.problems ?? []], unread };
  // What the programs do is not read back; they do what the settings say, or have problems that are named.
  if (bpf !== undefined) return { explained: wanted, there: told };
  const all = firewalls.map((one) => one.explain(packet, rulesets));
  const explained = all.find(({ outcome }) => outcome !== "left alone") ??
    all.find(({ steps }) => steps.length > 0) ?? all[0] ??
    explainPacket({ family: packet.family, tables: [] }, packet);
  const other = subject.known && !sameOutcome(explained, wanted);
  return { explained, there: { ...told, ...other ? { wanted: outcomeOf(wanted) } : {} } };
}

async function differencesOf(
  { document, provenance }: PacketSubject,
  place: string,
  logger: Logger,
): Promise<readonly string[]> {
  const { status } = await lookForStatus(
    { config: document, provenance, warnings: [] },
    { given: true, elsewhere: place.startsWith("/"), logger },
  );
  return status.state === "absent" ? ["no rule of ours is there"] : status.differences;
}

function sameOutcome(a: PacketOutcome, b: PacketOutcome): boolean {
  return a.outcome === b.outcome && a.port === b.port && a.zone === b.zone;
}

function outcomeOf({ outcome, port, zone }: PacketOutcome): PacketOutcome {
  return { outcome, port, zone };
}
