import type { Logger } from "core/log/logger.ts";
import { type OurPlace, type RuleAhead, rulesAhead } from "core/rules/ahead.ts";
import { type KnownRule, knownWith, ownerships } from "core/rules/ownership.ts";
import type { Ruleset } from "core/rules/model.ts";
import type { FirewallView } from "../firewall/views.ts";

/** Most rules that the warning names. */
const NAMED = 3;

/** One family's rules, wanted and known, and whether they are about to be put in. */
export interface AheadSubject {
  readonly view: FirewallView;
  readonly desired: Ruleset | undefined;
  readonly known: readonly KnownRule[] | undefined;
  /** False where they are in already: then the places count that they have. */
  readonly toCome: boolean;
}

/** The rules of others that packets meet before ours in one family's tables of iptables. */
export function aheadInView({ view, desired, known, toCome }: AheadSubject): RuleAhead[] {
  const { state } = view;
  if (desired === undefined) return [];
  const ours: OurPlace = toCome ? desired : "found";
  return rulesAhead(state, ownerships(state, knownWith(known, desired, state)), ours);
}

/** Warns of rules of others that keep packets from ours, and names them; gives those back. */
export function warnOfAccepts(subject: AheadSubject, logger: Logger): RuleAhead[] {
  const found = aheadInView(subject).filter(({ bypasses }) => bypasses);
  warnOfBypasses(found, logger, { family: subject.view.tools.family });
  return found;
}

/** Names rules of others that keep packets from ours. */
export function warnOfBypasses(
  found: readonly RuleAhead[],
  logger: Logger,
  fields: Readonly<Record<string, string>> = {},
): void {
  if (found.length === 0) return;
  const more = found.length > NAMED ? ` and ${found.length - NAMED} more` : "";
  logger.warn(
    "rules of others come before ours, so what they match is not intercepted: " +
      `${found.slice(0, NAMED).map(describeAhead).join("; ")}${more}`,
    fields,
  );
}

/** Such as `-t raw -A OUTPUT -j DROP`, table nat left out as it is in commands; or a rule of nftables by its place. */
export function describeAhead({ place, rule, verdict }: RuleAhead): string {
  if (!rule.startsWith("-")) return `${place}, ${rule}: ${verdict.toLowerCase()}`;
  return place === "table nat" ? rule : `${place.replace("table", "-t")} ${rule}`;
}
