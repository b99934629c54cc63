/**
 * What both backends need before they plan: the configuration with nothing left to look up, and whether IPv6 can be
 * had. Without anything of iptables, which most pods never load.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { ResolvedConfig } from "core/proxy/resolved.ts";
import { isUserName, resolveConfig, sidecarUid } from "core/proxy/resolve.ts";
import { hasUsableIpv6 } from "../interfaces.ts";
import { lookUpUid, readPasswd } from "../users.ts";
import type { Session } from "./session.ts";

/** What the plans of all families share. */
export interface Basis {
  readonly config: ResolvedConfig;
  readonly loopback: string;
}

/**
 * Why this host cannot have IPv6 rules, whatever writes them; undefined where it can, `::6` being in place
 * then. The conditions and their order are Kuma's.
 */
export function ipv6Obstacle(
  document: TransparentProxyConfig,
  { config, loopback }: Basis,
  session: Session,
): string | undefined {
  if (config.ipFamilyMode === "ipv4") return "the IP family mode is ipv4";
  if (!hasUsableIpv6(session.place.ipv6Addresses())) {
    return skipIpv6("the host has no IPv6 address but ::1", document.verbose, session);
  }
  if (session.dryRun) return undefined;
  try {
    session.place.addPassthroughIpv6(loopback);
    return undefined;
  } catch (error) {
    if (!(error instanceof KumaError)) throw error;
    // There is IPv6 here, and it is not intercepted: that has to be heard.
    return skipIpv6(errorText(error), true, session);
  }
}

/** Gives the reason back, and warns where that is wanted. */
export function skipIpv6(reason: string, loud: boolean, { logger }: Session): string {
  if (loud) logger.warn(`IPv6 is skipped: ${reason}`, { family: "ipv6" });
  return reason;
}

/**
 * The configuration with nothing left to parse or look up. The first step of all, since its errors are those
 * that a person should see first.
 *
 * @param known the sidecar's UID, which is not looked up then
 * @param passwd text of the user database is read from here
 * @throws {KumaError} for a bad configuration or an unknown user.
 */
export function resolved(
  document: TransparentProxyConfig,
  { logger }: Pick<Session, "logger">,
  passwd: string | undefined,
  known?: number,
): ResolvedConfig {
  // In CNI mode a UID needs no user; a name would be left to iptables by Kuma 2.9, which reads the same file.
  const uid = known ??
    (document.cniMode && !isUserName(document.kumaDPUser)
      ? sidecarUid(document)
      : lookUpUid(document.kumaDPUser, readPasswd(passwd)));
  return resolveConfig(document, uid, (warning) => logger.warn(warning));
}
