/**
 * DNS that would go in circles, and how to mend it.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { parseUidExclusion } from "core/grammar/uid_exclusion.ts";
import { readProcFile } from "core/host/proc.ts";
import type { Logger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { type LocalResolver, localResolvers, parseUdpSockets } from "core/proxy/local_resolver.ts";
import { parseNameservers } from "core/proxy/resolv_conf.ts";

const SOCKETS = "/proc/net/udp";

/** Reads a file's text. */
export type ReadText = (path: string) => string;

const readText: ReadText = (path) =>
  path === SOCKETS ? readProcFile(path) : Deno.readTextFileSync(path);

/**
 * Warns of {@linkcode dnsLoops}, or that they cannot be seen.
 */
export function warnOfDnsLoop(
  config: TransparentProxyConfig,
  logger: Logger,
  read: ReadText = readText,
): void {
  try {
    for (const loop of dnsLoops(config, read)) {
      const { what, mend } = dnsLoopText(loop, config);
      logger.warn(`DNS may go in circles: ${what}; ${mend}`);
    }
  } catch (error) {
    logger.warn(`whether DNS would go in circles cannot be seen: ${errorText(error)}`);
  }
}

/**
 * Where all DNS traffic is redirected: the resolvers of this host that resolv.conf names, and whose own queries are not
 * left alone: they would be redirected and come back to it. In a pod (`cniMode`) resolv.conf is not the pod's.
 *
 * @throws resolv.conf or the table of sockets cannot be read.
 */
export function dnsLoops(
  config: TransparentProxyConfig,
  read: ReadText = readText,
): LocalResolver[] {
  const { dns, outbound } = config.redirect;
  if (!dns.enabled || !dns.captureAll || !outbound.enabled || config.cniMode) return [];
  const servers = parseNameservers(read(dns.resolvConfigPath), "ipv4");
  const sockets = parseUdpSockets(read(SOCKETS));
  const excluded = outbound.excludePortsForUIDs.flatMap(parseUidExclusion);
  return localResolvers(servers, sockets).filter(({ uid }) =>
    uid === undefined ||
    !excluded.some(({ protocol, ports, uids }) =>
      protocol === "udp" && uids.from <= uid && uid <= uids.to &&
      ports.some(({ from, to }) => from <= 53 && 53 <= to)
    )
  );
}

/** What goes in circles, and what mends it, in words. */
export function dnsLoopText(
  { server, uid }: LocalResolver,
  { redirect: { dns } }: TransparentProxyConfig,
): { readonly what: string; readonly mend: string } {
  const who = uid === undefined ? "" : ` (user ${uid})`;
  return {
    what: `${dns.resolvConfigPath} names ${server}, a resolver of this host${who}, whose own ` +
      "queries are redirected as well",
    mend: `leave them alone with --exclude-outbound-ports-for-uids '*:53:${uid ?? "UID"}'` +
      `${uid === undefined ? ", UID being the resolver's" : ""}`,
  };
}
