/**
 * Before the first rule is applied, iptables checks the rules of all families. Where it refuses them, what
 * it lacks is probed one by one, and the rules are made again without it.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { Family } from "core/proxy/resolved.ts";
import type { KnownRule } from "core/rules/ownership.ts";
import { FULL, probeCapabilities, sameCapabilities } from "../firewall/capabilities.ts";
import { type FirewallChange, planChange } from "../firewall/transaction.ts";
import type { FirewallView } from "../firewall/views.ts";
import type { FamilyPlan } from "./plan.ts";
import type { Session } from "./session.ts";
import { restorerOf } from "./programs.ts";

/** A plan with the view that a real run has. */
export type UsablePlan = FamilyPlan & { readonly view: FirewallView };

/**
 * The change for one family that iptables accepts; words where IPv6 cannot have rules at all.
 *
 * @throws {KumaError} `KUMA-TP-204` refused though nothing is lacking, `-202` too much is lacking, `-206`.
 */
export async function acceptedChange(
  plan: UsablePlan,
  known: readonly KnownRule[] | undefined,
  session: Session,
): Promise<FirewallChange | string> {
  const { children, logger } = session;
  const restorer = restorerOf(session);
  const { view } = plan;
  const change = planChange(view, plan.ruleset, known);
  if (change.transition.text === "") return change;
  const first = await restorer.test(view.tools, change.transition.text, logger);
  if (first.kind === "ok") return change;
  try {
    const capabilities = await probeCapabilities(children, view.tools);
    if (sameCapabilities(capabilities, FULL)) throw refused(plan.family, view, first.reason);
    const reduced = planChange(view, plan.rebuild(capabilities), known);
    if (reduced.transition.text === "") return reduced;
    const second = await restorer.test(view.tools, reduced.transition.text, logger);
    if (second.kind !== "ok") throw refused(plan.family, view, second.reason);
    logger.warn(`the rules do without what ${view.tools.iptables} lacks`, { family: plan.family });
    return reduced;
  } catch (error) {
    const lacking = error instanceof KumaError && error.code === "KUMA-TP-202";
    if (!lacking || plan.family === "ipv4") throw error;
    logger.warn(`IPv6 is skipped: ${error.message}`, { family: "ipv6" });
    return error.message;
  }
}

function refused(family: Family, { tools }: FirewallView, reason: string): KumaError {
  const what = family === "ipv4" ? "iptables" : "ip6tables";
  return new KumaError(
    "KUMA-TP-204",
    `unable to restore ${what} rules: ${tools.restore} --test refuses them: ${reason}`,
    { hint: "nothing was changed; is a kernel module missing?" },
  );
}
