/**
 * The checks of a host before an installation: `kumactl check --pre`.
 *
 * @module
 */
import type { SectionDefinition } from "./definition.ts";

/** Whether this process may do it. */
export const RIGHTS = {
  title: "Rights",
  checks: {
    "rights-root": {
      title: "The command runs as root",
      code: "KUMA-TP-019",
      todo: "run it with sudo",
      about:
        "`kumactl install transparent-proxy` has to run as root. Without root most of the other checks cannot " +
        "look at what they are about.",
    },
    "rights-net-admin": {
      title: "The firewall may be changed (CAP_NET_ADMIN)",
      code: "KUMA-TP-020",
      todo: "in a container add NET_ADMIN and NET_RAW to the capabilities of the process",
      about: "In a container, root may lack the capability that changes of the firewall need.",
    },
  },
} as const satisfies SectionDefinition;

/** Whose traffic is left alone. */
export const USER = {
  title: "User of kuma-dp",
  checks: {
    "user-exists": {
      title: "The user that runs kuma-dp is there",
      code: "KUMA-HOST-150",
      todo: "create it (useradd -u 5678 -U kuma-dp), or name one with --kuma-dp-user",
      about:
        "The traffic of kuma-dp's user is not redirected, else it would come back to kuma-dp. Only `/etc/passwd` " +
        "is looked at, as in Kuma.",
    },
    "user-not-root": {
      title: "kuma-dp has a user of its own",
      code: "KUMA-CHK-001",
      todo: "name another user with --kuma-dp-user, and run kuma-dp as that one",
      about:
        "What runs as the user of kuma-dp is not redirected. With root as that user, everything that root runs " +
        "bypasses the mesh.",
    },
  },
} as const satisfies SectionDefinition;

/** All of them, in their order, by what names them in JSON. */
export const BEFORE_SECTIONS = {
  "rights": RIGHTS,
  "user": USER,
} as const satisfies Readonly<Record<string, SectionDefinition>>;
