/**
 * The `KUMA-CHK-…` codes, of what `kumactl check` finds and no other program ends with: what each means and what to
 * do, for `kumactl explain`. 0xx: hosts and network namespaces; 1xx: clusters.
 *
 * @module
 */
import type { CodeText } from "./tp_codes.ts";

/** The codes of the tables of `core/check`. */
export const CHECK_CODES = {
  "KUMA-CHK-001": {
    title: "kuma-dp is to run as root",
    todo:
      "Give it a user of its own with --kuma-dp-user: what runs as the same user is not redirected, so all that " +
      "root runs would bypass the mesh.",
  },
} as const satisfies Readonly<Record<string, CodeText>>;
