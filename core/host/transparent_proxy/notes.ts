/**
 * The journal around an installation: what may be ours is noted before, what is ours after.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { FAMILIES, type Family } from "core/proxy/resolved.ts";
import { type KnownRule, knownRules, ownerships } from "core/rules/ownership.ts";
import { type FirewallJournal, NO_NOTES, type Notes } from "../firewall/journal.ts";
import { holdsOurs } from "../firewall/snapshot.ts";
import type { FirewallChange } from "../firewall/transaction.ts";
import type { FirewallView } from "../firewall/views.ts";
import type { HostPlan } from "./plan.ts";
import type { Session } from "./session.ts";
import { viewsOf } from "./programs.ts";

/** What nftables held before the first of our rules: as noted, unless nothing of ours is there any more. */
export function notesBefore(notes: Notes, plan: HostPlan, session: Session): Notes["nftBefore"] {
  const views = [plan.ipv4View, plan.ipv6View].filter((view): view is FirewallView =>
    view !== undefined
  );
  const installed = views.some(({ state, tools }) =>
    holdsOurs(state) ||
    [...ownerships(state, notes.known[tools.family]).values()].includes("ours")
  );
  if (installed) return notes.nftBefore;
  return {
    ipv4: viewsOf(session).nftObjects("ipv4"),
    ipv6: viewsOf(session).nftObjects("ipv6"),
  };
}

/**
 * Writes the notes ahead of the changes; `settle` once they are in, `undo` once they were put back.
 * Where they cannot be written the installation goes on: an init container has a read-only root, and
 * rules that nobody can find again go with the pod.
 */
export function openNotes(
  journal: FirewallJournal | undefined,
  given: { notes: Notes; changes: readonly FirewallChange[]; before: Notes["nftBefore"] },
  { logger }: Session,
): { settle(): void; undo(): void } {
  if (journal === undefined) return { settle() {}, undo() {} };
  const { notes, changes, before } = given;
  const { known: fresh } = notesAfter(changes, before);
  const needed = FAMILIES.some((family) => fresh[family].length > 0);
  let warned = false;
  const write = (known: Notes["known"]): void => {
    try {
      journal.write({ known, nftBefore: before });
    } catch (error) {
      if (!(error instanceof KumaError)) throw error;
      // Rules with comments are found without a journal; only an empty table may stay behind.
      if (!needed) logger.debug(errorText(error));
      else if (!warned) {
        warned = true;
        logger.warn(`an uninstall will not find every rule without a comment: ${errorText(error)}`);
      }
    }
  };
  const both = (family: Family) => [...notes.known[family], ...fresh[family]];
  write({ ipv4: both("ipv4"), ipv6: both("ipv6") });
  const changed = FAMILIES.some((family) => notes.known[family].length > 0);
  return {
    settle: () => changed && write(fresh),
    undo: () => notes === NO_NOTES ? discard(journal, logger) : write(notes.known),
  };
}

/** What failed before is what is told: that the notes of it stay must not hide that. */
function discard(journal: FirewallJournal, logger: Session["logger"]): void {
  try {
    journal.remove();
  } catch (error) {
    if (!(error instanceof KumaError)) throw error;
    logger.warn(`notes of an installation that was not done stay: ${errorText(error)}`);
  }
}

/** What is noted once `changes` are in. */
export function notesAfter(
  changes: readonly FirewallChange[],
  nftBefore: Notes["nftBefore"],
): Notes {
  const known: Record<Family, KnownRule[]> = { ipv4: [], ipv6: [] };
  for (const { view, desired } of changes) {
    if (desired !== undefined) known[view.tools.family] = silentRules(desired);
  }
  return { known, nftBefore };
}

function silentRules(ruleset: NonNullable<FirewallChange["desired"]>): KnownRule[] {
  const tables = ruleset.tables
    .map((table) => ({
      ...table,
      rules: table.rules.filter((rule) => rule.comment === undefined),
    }));
  return knownRules({ ...ruleset, tables });
}
