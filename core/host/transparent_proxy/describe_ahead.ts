/**
 * Rules of others that packets meet before ours, in words. Apart from what finds them in tables of iptables.
 *
 * @module
 */
import type { Logger } from "core/log/logger.ts";
import type { RuleAhead } from "core/rules/ahead.ts";

/** Most rules that the warning names. */
const NAMED = 3;

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
