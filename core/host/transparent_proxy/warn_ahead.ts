import type { Logger } from "core/log/logger.ts";
import { type OurPlace, type RuleAhead, rulesAhead } from "core/rules/ahead.ts";
import { type KnownRule, knownWith, ownerships } from "core/rules/ownership.ts";
import type { Ruleset } from "core/rules/model.ts";
import type { FirewallView } from "../firewall/views.ts";
import { warnOfBypasses } from "./describe_ahead.ts";

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
