import { KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";
import { enterNetns } from "core/host/netns.ts";
import { isFile } from "core/host/presence.ts";
import { DEFAULT_RESOLV_CONF, type TransparentProxyConfig } from "core/proxy/config.ts";

/**
 * The path of a network namespace as `--netns` names it: a path, or the PID of a process in it.
 *
 * @throws {KumaError} `KUMA-TP-044` for anything else.
 */
export function netnsPath(netns: string): string {
  if (/^[1-9][0-9]{0,9}$/.test(netns)) return `/proc/${netns}/ns/net`;
  if (netns.startsWith("/")) return netns;
  throw new KumaError("KUMA-TP-044", `--netns: '${shown(netns)}' is neither a PID nor a path`, {
    hint: "give the PID of a process in it, or a path such as /run/netns/NAME",
  });
}

/**
 * Enters the network namespace that `--netns` names.
 *
 * @param path as {@linkcode netnsPath} gives it
 * @throws {KumaError} `KUMA-HOST-111`, `-112`, `-113` as {@linkcode enterNetns}, with what a person can do
 */
export function enterNamedNetns(path: string): void {
  try {
    enterNetns(path);
  } catch (error) {
    if (!(error instanceof KumaError) || error.code !== "KUMA-HOST-111") throw error;
    const pid = /^\/proc\/([0-9]+)\/ns\/net$/.exec(path)?.[1];
    const names = "'ip netns list' names those of ip-netns, which lie in /run/netns";
    throw new KumaError(error.code, error.message, {
      cause: error,
      hint: pid === undefined
        ? names
        : `give the PID of a process that runs, and that you may look at: 'ps ${pid}' shows it`,
    });
  }
}

/** Where `ip netns exec NAME` finds what it mounts over this host's files; ip-netns(8). */
const IP_NETNS_FILES = "/etc/netns";

/**
 * The settings for another network namespace: of one that ip-netns(8) has made, the resolv.conf that it keeps for it.
 * For any other the servers are those of this host, which is warned of: what runs there may have its own.
 *
 * @param path of the namespace; undefined for the one that this process is in
 * @throws {Deno.errors.PermissionDenied} whether there is one cannot be looked at
 */
export function inNetns<T extends { readonly config: TransparentProxyConfig }>(
  loaded: T,
  path: string | undefined,
  warn: (text: string) => void,
  folder = IP_NETNS_FILES,
): T {
  const { config } = loaded;
  const { enabled, captureAll, resolvConfigPath } = config.redirect.dns;
  const listed = enabled && !captureAll && resolvConfigPath === DEFAULT_RESOLV_CONF;
  if (path === undefined || !listed) return loaded;
  const name = /^(?:\/var)?\/run\/netns\/([^/]+)$/.exec(path)?.[1];
  const own = `${folder}/${name}/resolv.conf`;
  if (name === undefined || !isFile(own)) {
    warn(
      `the DNS servers are those of this host's ${resolvConfigPath}, which may be others in ${path}`,
    );
    return loaded;
  }
  const dns = { ...config.redirect.dns, resolvConfigPath: own };
  return { ...loaded, config: { ...config, redirect: { ...config.redirect, dns } } };
}
