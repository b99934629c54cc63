/**
 * Changing the firewall of several families (and flavours) as one: all of the changes, or none.
 *
 * The kernel commits table by table. So a kill leaves each table old or new, and a failure is answered
 * by putting back every table that was reached, each from what it holds by then.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { compare, describeDifference } from "core/rules/diff.ts";
import type { Ruleset } from "core/rules/model.ts";
import { type KnownRule, knownRules } from "core/rules/ownership.ts";
import { planRestoreOf } from "core/rules/roll_back.ts";
import { planTransition, type Transition } from "core/rules/transition.ts";
import { type Failure, gaveUp, type Restorer, withLastFailure } from "./restore.ts";
import { takeSnapshot } from "./snapshot.ts";
import type { FirewallView } from "./views.ts";

/** What is to become of one family of one flavour. */
export interface FirewallChange {
  /** What was there when the change was planned. */
  readonly view: FirewallView;
  /** Rules of ours that shall be there; undefined for none. */
  readonly desired: Ruleset | undefined;
  /** Rules that are ours without a comment; undefined where no journal can tell. */
  readonly known: readonly KnownRule[] | undefined;
  readonly transition: Transition;
}

/** Plans a change. Throws `KUMA-TP-103` and `KUMA-TP-101` as {@linkcode planTransition} does. */
export function planChange(
  view: FirewallView,
  desired: Ruleset | undefined,
  known: readonly KnownRule[] | undefined,
): FirewallChange {
  return { view, desired, known, transition: planTransition(view.state, desired, { known }) };
}

/** How a transaction is run. */
export interface TransactionOptions {
  readonly restorer: Restorer;
  readonly logger: Logger;
  /** Shows the rules that are fed, without a prefix; without it a change is made quietly. */
  readonly print?: ((text: string) => void) | undefined;
  /** Tries after the first for failures other than the lock. */
  readonly retries: number;
  /** Apply all at once rather than one after the other. */
  readonly parallel: boolean;
  /** Read the rules back and compare. */
  readonly verify: boolean;
  /** Ends putting back; the caller's own signal does not. */
  readonly putBackSignal?: AbortSignal | undefined;
}

/**
 * Applies all changes, in order. Changes without text cost nothing.
 *
 * @throws {KumaError} `KUMA-TP-205`, `-206`, `-207` with the firewall as it was; `-208` where it could
 *   not be put back.
 */
export async function applyChanges(
  changes: readonly FirewallChange[],
  options: TransactionOptions,
): Promise<void> {
  const due = changes.filter(({ transition }) => transition.text !== "");
  const reached: FirewallChange[] = [];
  const one = (change: FirewallChange): Promise<void> => {
    reached.push(change);
    return applyOne(change, options);
  };
  try {
    if (options.parallel) {
      // All have to end, well or badly, before anything can be put back.
      const outcomes = await Promise.allSettled(due.map(one));
      const failed = outcomes.find((outcome) => outcome.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    } else {
      for (const change of due) await one(change);
    }
    if (options.verify) { for (const change of changes) await verify(change, options); }
  } catch (error) {
    await putBack(reached, options, error);
    throw error;
  }
}

async function applyOne(change: FirewallChange, options: TransactionOptions): Promise<void> {
  const { restorer, logger, print } = options;
  let last: Failure | undefined;
  const { tools } = change.view;
  let text = change.transition.text;
  for (let attempt = 1; text !== ""; attempt++) {
    const total = options.retries + 1;
    const fields = {
      family: tools.family,
      ...(total > 1 ? { attempt: `${attempt}/${total}` } : {}),
    };
    if (print !== undefined) {
      logger.info((await restorer.argv(tools)).join(" "), fields);
      print(`${text.trimEnd()}\n`);
    }
    const outcome = await afterFailure(last, () => restorer.call(tools, text));
    if (outcome.kind === "ok") return;
    last = outcome;
    const retries = outcome.kind === "locked" ? restorer.patience.maxRetries : options.retries;
    await restorer.pauseOrGiveUp(tools, attempt, outcome, logger, retries);
    // Some tables may be in already: the same text again would put their rules in twice.
    text = (await afterFailure(last, () => replan(change, restorer))).text;
  }
}

/** Does it; what it throws tells the failure before it too. */
async function afterFailure<T>(last: Failure | undefined, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw withLastFailure(error, last);
  }
}

async function replan(change: FirewallChange, restorer: Restorer): Promise<Transition> {
  const { view: { tools }, desired } = change;
  const state = await takeSnapshot(restorer.children, tools, undefined);
  return planTransition(state, desired, { known: allKnown(change) });
}

/** What is ours once a change may be half done. */
function allKnown({ desired, known }: FirewallChange): readonly KnownRule[] {
  if (desired === undefined) return known ?? [];
  const silent = desired.tables.some(({ rules }) =>
    rules.some((rule) => rule.comment === undefined)
  );
  return silent ? [...known ?? [], ...knownRules(desired)] : known ?? [];
}

async function verify(change: FirewallChange, { restorer }: TransactionOptions): Promise<void> {
  const { tools } = change.view;
  const state = await takeSnapshot(restorer.children, tools, undefined);
  const [first] = compare(change.desired, state, { known: change.known });
  if (first === undefined) return;
  throw new KumaError(
    "KUMA-TP-207",
    `the rules are not as they were applied: ${tools.family}: ${describeDifference(first)}`,
  );
}

/** Puts back what it can of every family, whatever became of the others. */
async function putBack(
  reached: readonly FirewallChange[],
  options: TransactionOptions,
  cause: unknown,
): Promise<void> {
  // Whoever aborts wants an end, not half a firewall.
  const restorer = options.restorer.stoppedBy(options.putBackSignal);
  const failures: string[] = [];
  const one = async (change: FirewallChange): Promise<void> => {
    try {
      await putBackOne(change, restorer, options.logger);
    } catch (error) {
      const { family } = change.view.tools;
      failures.push(
        `the new ${family} rules may be there, whole or in part, as the old ones could not be put back: ` +
          words(error),
      );
    }
  };
  if (options.parallel) await Promise.all(reached.map(one));
  else for (const change of reached.toReversed()) await one(change);
  if (failures.length === 0) return;
  throw new KumaError("KUMA-TP-208", `${words(cause)}; and ${failures.join("; and ")}`, {
    cause,
    hint: "run 'kumactl uninstall transparent-proxy', then install again",
  });
}

async function putBackOne(
  change: FirewallChange,
  restorer: Restorer,
  logger: Logger,
): Promise<void> {
  const { view: { tools, state } } = change;
  const now = await takeSnapshot(restorer.children, tools, undefined);
  const { text } = planRestoreOf(state, now, { known: allKnown(change) });
  if (text === "") return;
  for (let attempt = 1;; attempt++) {
    const outcome = await restorer.call(tools, text);
    if (outcome.kind === "ok") break;
    // Each table is whole: a failed table was not touched, so the plan still holds for the lock only.
    if (outcome.kind === "failed") throw gaveUp(tools, outcome);
    await restorer.pauseOrGiveUp(tools, attempt, outcome, logger);
  }
  logger.warn("the rules were put back as they were", { family: tools.family });
}

/** Without the hint, which would end what is only a part of a message. */
function words(thrown: unknown): string {
  return thrown instanceof KumaError ? thrown.message : errorText(thrown);
}
