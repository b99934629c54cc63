/**
 * The `KUMA-TP-1xx` codes, which speak of rules: what each means and what to do, for `kumactl explain`.
 *
 * @module
 */
import type { CodeText } from "./tp_codes.ts";

/** The codes of `core/rules`. */
export const RULES_CODES = {
  "KUMA-TP-101": {
    title: "A value cannot stand in a firewall rule",
    todo: "The message names the value; mend the setting that it came from. Nothing was changed.",
  },
  "KUMA-TP-102": {
    title: "The firewall's listing cannot be read",
    todo:
      "Run iptables-save and ip6tables-save by hand and look at the line that the message quotes.",
  },
  "KUMA-TP-103": {
    title:
      "A firewall rule that is not known to be ours stands in, or jumps to, a KUMA_MESH_ chain",
    todo:
      "Delete the rule that the message names by hand, then run the command again. Rules that were " +
      "installed without comments, or by a Kuma release before 2.9, are told apart by nothing: remove " +
      "them by hand, or restart the machine.",
  },
  "KUMA-TP-104": {
    title: "A text of rules is not one that we wrote",
    todo: "Give the text as 'kumactl install transparent-proxy --dry-run' prints it.",
  },
} as const satisfies Readonly<Record<string, CodeText>>;
