import type { Logger } from "core/log/logger.ts";
import { acceptsAhead } from "core/rules/ahead.ts";
import type { Ruleset } from "core/rules/model.ts";
import { type KnownRule, knownWith, ownerships } from "core/rules/ownership.ts";
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

/** Warns of rules of others that keep packets from ours, and names them. */
export function warnOfAccepts(
  { view, desired, known, toCome }: AheadSubject,
  logger: Logger,
): void {
  const { tools, state } = view;
  if (desired === undefined) return;
  const owners = ownerships(state, knownWith(known, desired, state));
  const found = acceptsAhead(state, owners, toCome ? desired : undefined);
  if (found.length === 0) return;
  const more = found.length > NAMED ? ` and ${found.length - NAMED} more` : "";
  logger.warn(
    "rules of others in table nat come before ours, so what they match is not intercepted: " +
      `${found.slice(0, NAMED).join("; ")}${more}`,
    { family: tools.family },
  );
}
