/**
 * Tells who installs the proxy that DNS would go in circles, and how to mend it.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { parseUidExclusion } from "core/grammar/uid_exclusion.ts";
import { readProcFile } from "core/host/proc.ts";
import type { Logger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { localResolvers, parseUdpSockets } from "core/proxy/local_resolver.ts";
import { parseNameservers } from "core/proxy/resolv_conf.ts";

const SOCKETS = "/proc/net/udp";

/**
 * Warns where all DNS traffic is to be redirected and resolv.conf names a resolver of this host whose own queries
 * are not left alone: they would be redirected and come back to it. In a pod (`cniMode`) resolv.conf is not
 * the pod's.
 */
export function warnOfDnsLoop(
  config: TransparentProxyConfig,
  logger: Logger,
  read: (path: string) => string = (path) =>
    path === SOCKETS ? readProcFile(path) : Deno.readTextFileSync(path),
): void {
  const { dns, outbound } = config.redirect;
  if (!dns.enabled || !dns.captureAll || !outbound.enabled || config.cniMode) return;
  let servers: string[], sockets;
  try {
    servers = parseNameservers(read(dns.resolvConfigPath), "ipv4");
    sockets = parseUdpSockets(read(SOCKETS));
  } catch (error) {
    logger.warn(`whether DNS would go in circles cannot be seen: ${errorText(error)}`);
    return;
  }
  const excluded = outbound.excludePortsForUIDs.flatMap(parseUidExclusion);
  for (const { server, uid } of localResolvers(servers, sockets)) {
    const spared = uid !== undefined &&
      excluded.some(({ protocol, ports, uids }) =>
        protocol === "udp" && uids.from <= uid && uid <= uids.to &&
        ports.some(({ from, to }) => from <= 53 && 53 <= to)
      );
    if (spared) continue;
    const who = uid === undefined ? "its user" : `user ${uid}`;
    logger.warn(
      `DNS may go in circles: ${dns.resolvConfigPath} names ${server}, a resolver of this host` +
        `${
          uid === undefined ? "" : ` (${who})`
        }, whose own queries are redirected as well; leave them alone with ` +
        `--exclude-outbound-ports-for-uids '*:53:${uid ?? "UID"}'` +
        `${uid === undefined ? ", UID being the resolver's" : ""}`,
    );
  }
}
