/**
 * What checks of a host, or of a network namespace, look at: each thing is looked at when it is first asked for, and
 * once a look.
 *
 * @module
 */
import { once } from "core/check/once.ts";
import { KumaError } from "core/errors.ts";
import { takeSnapshot } from "core/host/firewall/snapshot.ts";
import type { FirewallView } from "core/host/firewall/views.ts";
import { type Listener, listeners } from "core/host/listeners.ts";
import { lookAround, requireSight, type Surroundings } from "core/host/nftables/surroundings.ts";
import { currentPrivileges } from "core/host/privileges.ts";
import { resolved } from "core/host/transparent_proxy/prepare.ts";
import { openSession, patienceOf, type Session } from "core/host/transparent_proxy/session.ts";
import { silentLogger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { FAMILIES, type ResolvedConfig } from "core/proxy/resolved.ts";
import { viewsOf } from "core/host/transparent_proxy/programs.ts";

/** One look. */
export interface HostSubject {
  /** What is installed, or to be. */
  readonly document: TransparentProxyConfig;
  /** Whether the namespace is not that of this host's files. */
  readonly elsewhere: boolean;
  /** Fails with `KUMA-HOST-150` where kuma-dp's user is not there. */
  readonly resolved: () => Promise<ResolvedConfig>;
  /** Fails with `KUMA-TP-043` where this user may not look at the firewall. */
  readonly around: () => Promise<Surroundings>;
  readonly listeners: () => Promise<readonly Listener[]>;
  readonly session: () => Session;
  /** What iptables lists where a table filter is; fails with `KUMA-TP-201` where its programs are not here. */
  readonly filters: () => Promise<readonly FirewallView[]>;
}

/** A look at the netns that the main thread is in; `uid` of kuma-dp, where it was noted. */
export function hostSubject(
  document: TransparentProxyConfig,
  { elsewhere, uid }: { readonly elsewhere: boolean; readonly uid?: number | undefined },
): HostSubject {
  // The users of another namespace's files are not this host's: a number is taken as it is, as in kuma-cni.
  const wanted = elsewhere ? { ...document, cniMode: true } : document;
  let session: Session | undefined;
  const around = once(mayLookAround);
  const open = () => session ??= openSession({ logger: silentLogger }, patienceOf(document), true);
  return {
    document: wanted,
    elsewhere,
    resolved: once(() => resolved(wanted, { logger: silentLogger }, undefined, uid)),
    around,
    listeners: once(listeners),
    session: open,
    filters: once(async () => filterListings(await around(), open())),
  };
}

/** The views of a session hold nothing where only filter is in use: it is none of the tables that ours are in. */
async function filterListings(
  { chains = [], legacy }: Surroundings,
  session: Session,
): Promise<FirewallView[]> {
  const found: FirewallView[] = [];
  for (const family of FAMILIES) {
    const nft = chains.some((chain) => chain.family === family && chain.table === "filter");
    for (
      const flavour of [
        ...nft ? ["nft" as const] : [],
        ...legacy.includes(`${family} filter`) ? ["legacy" as const] : [],
      ]
    ) {
      const tools = await viewsOf(session).finder.find(family, flavour);
      if (typeof tools === "string") {
        throw new KumaError("KUMA-TP-201", `rules of table filter cannot be listed: ${tools}`);
      }
      found.push({ tools, state: await takeSnapshot(session.children, tools, undefined) });
    }
  }
  return found;
}

function mayLookAround(): Surroundings {
  requireRights();
  const around = lookAround();
  // Rights in a user namespace of one's own are none in a network namespace of others.
  requireSight(around);
  return around;
}

/** Throws `KUMA-TP-043` where this user may not look at the firewall. */
export function requireRights(): void {
  const { effectiveUid, has } = currentPrivileges();
  if (has("CAP_NET_ADMIN")) return;
  const who = effectiveUid === 0 ? "the capability CAP_NET_ADMIN is missing" : "you are not root";
  throw new KumaError("KUMA-TP-043", who, { hint: "run it as root" });
}
