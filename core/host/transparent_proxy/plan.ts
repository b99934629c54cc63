/**
 * From the configuration and the host to one plan a family: which programs, which rules. Everything up to
 * here only looks, but for `::6` on the loopback interface.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { Family, ResolvedConfig } from "core/proxy/resolved.ts";
import { buildRuleset } from "core/rules/build.ts";
import type { Ruleset } from "core/rules/model.ts";
import { type Capabilities, FULL, NONE } from "../firewall/capabilities.ts";
import { detectIpv4, detectIpv6 } from "../firewall/detect.ts";
import type { FirewallView } from "../firewall/views.ts";
import { hasDockerOutput } from "../firewall/snapshot.ts";
import { hasUsableIpv6, loopbackInterface } from "../interfaces.ts";
import { dnsServersOf, factsOf } from "./facts.ts";
import { type Basis, ipv6Obstacle, skipIpv6 } from "./prepare.ts";
import type { Session } from "./session.ts";
import { viewsOf } from "./programs.ts";

/** The plan for one family. */
export interface FamilyPlan {
  readonly family: Family;
  /** Undefined in the dry run of somebody who may not look. */
  readonly view: FirewallView | undefined;
  readonly dnsServers: readonly string[];
  readonly ruleset: Ruleset;
  /** The rules for a host that can do less. */
  readonly rebuild: (capabilities: Capabilities) => Ruleset;
}

/** The plan for all. */
export interface HostPlan {
  readonly config: ResolvedConfig;
  readonly families: readonly FamilyPlan[];
  /** The view of IPv4, which decided about the flavour, whether IPv4 gets rules or not. */
  readonly ipv4View: FirewallView | undefined;
  readonly ipv6View: FirewallView | undefined;
  readonly ipv6Skipped: string | undefined;
}

/**
 * Looks at the host and plans.
 *
 * @throws {KumaError} as detection does; IPv6 that cannot
 *   be had is an error only where IPv6 alone is asked for.
 */
export async function planInstall(
  document: TransparentProxyConfig,
  config: ResolvedConfig,
  session: Session,
): Promise<HostPlan> {
  const loopback = loopbackInterface();
  const ipv4View = await usableIpv4(document, session);
  const families: FamilyPlan[] = [];
  if (config.ipFamilyMode !== "ipv6") {
    families.push(planFamily("ipv4", ipv4View, { config, loopback }, session));
  }
  const ipv6 = await planIpv6(document, { config, loopback, ipv4View }, session);
  if (typeof ipv6 !== "string") families.push(ipv6);
  else if (config.ipFamilyMode === "ipv6") {
    throw new KumaError("KUMA-TP-211", `IPv6 rules cannot be set up: ${ipv6}`);
  }
  return {
    config,
    families,
    ipv4View,
    ipv6View: typeof ipv6 === "string" ? undefined : ipv6.view,
    ipv6Skipped: typeof ipv6 === "string" ? ipv6 : undefined,
  };
}

async function usableIpv4(
  document: TransparentProxyConfig,
  session: Session,
): Promise<FirewallView | undefined> {
  const { logger, blind } = session;
  try {
    return await detectIpv4(viewsOf(session), document.iptablesExecutables, logger);
  } catch (error) {
    const unseen = error instanceof KumaError && /^KUMA-TP-20[13]$/.test(error.code);
    if (!blind || !unseen) throw error;
    logger.warn(`${error.message}; the rules shown are those of a host without any extras`, {
      family: "ipv4",
    });
    return undefined;
  }
}

function planFamily(
  family: Family,
  view: FirewallView | undefined,
  { config, loopback }: Basis,
  { logger }: Session,
): FamilyPlan {
  const dnsServers = dnsServersOf(config, family, logger);
  const dockerOutput = view !== undefined && hasDockerOutput(view.state);
  const rebuild = (capabilities: Capabilities): Ruleset =>
    buildRuleset(
      config,
      factsOf(config, { family, loopback, dnsServers, dockerOutput, capabilities }, logger),
    );
  const ruleset = rebuild(view === undefined ? NONE : FULL);
  return { family, view, dnsServers, ruleset, rebuild };
}

/** The plan for IPv6, or why there is none. */
async function planIpv6(
  document: TransparentProxyConfig,
  basis: Basis & { readonly ipv4View: FirewallView | undefined },
  session: Session,
): Promise<FamilyPlan | string> {
  const { logger } = session;
  if (basis.ipv4View === undefined && basis.config.ipFamilyMode !== "ipv4" && hasUsableIpv6()) {
    return skipIpv6("no usable iptables was found", true, session);
  }
  const obstacle = ipv6Obstacle(document, basis, session);
  if (obstacle !== undefined || basis.ipv4View === undefined) return obstacle ?? "";
  const flavour = basis.ipv4View.tools.flavour;
  const view = await detectIpv6(viewsOf(session), flavour, document.iptablesExecutables, logger);
  if (typeof view === "string") return skipIpv6(view, true, session);
  try {
    return planFamily("ipv6", view, basis, session);
  } catch (error) {
    if (!(error instanceof KumaError) || error.code !== "KUMA-TP-209") throw error;
    return skipIpv6(errorText(error), true, session);
  }
}
