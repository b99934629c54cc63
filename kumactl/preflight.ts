import { KumaError } from "core/errors.ts";
import { currentPrivileges, type Privileges } from "core/host/privileges.ts";
import type { Logger } from "core/log/logger.ts";

/**
 * Checks that this process may change the firewall, before anything is touched. A dry run needs nothing;
 * as an ordinary user it only warns that it sees less.
 *
 * @throws KumaError `KUMA-TP-021` not Linux, `KUMA-TP-019` not root, `KUMA-TP-020` no CAP_NET_ADMIN.
 */
export function checkPlatform(
  dryRun: boolean,
  logger: Logger,
  os: string = Deno.build.os,
  privileges: () => Privileges = currentPrivileges,
): void {
  if (os !== "linux") {
    if (dryRun) return;
    throw new KumaError("KUMA-TP-021", "transparent proxy is supported only on Linux systems");
  }
  const { effectiveUid, has } = privileges();
  if (dryRun) {
    if (effectiveUid !== 0) {
      logger.warn(
        "not root: what is installed cannot be seen, and new rules are shown as for a host without " +
          "comments, conntrack zones and IPv6",
      );
    }
    return;
  }
  if (effectiveUid !== 0) {
    throw new KumaError("KUMA-TP-019", "you need to have root privileges to run this command");
  }
  if (!has("CAP_NET_ADMIN")) {
    throw new KumaError("KUMA-TP-020", "the capability CAP_NET_ADMIN is missing", {
      hint: "in a container add NET_ADMIN (and NET_RAW) to the capabilities of the process",
    });
  }
}
