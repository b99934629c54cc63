/**
 * Which iptables to use for each family: what a person named, else the flavour that the host uses.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { FAMILIES, type Family } from "core/proxy/resolved.ts";
import { chooseFlavour } from "./choose.ts";
import { hasDockerOutput, hasRules, holdsOurs } from "./snapshot.ts";
import type { FirewallView, Views } from "./views.ts";
import type { Flavour } from "./version.ts";

type Executables = TransparentProxyConfig["iptablesExecutables"];

/**
 * The view of IPv4 to write to.
 *
 * @throws {KumaError} `KUMA-TP-201` with the reasons, where neither flavour can be used.
 */
export async function detectIpv4(
  views: Views,
  named: Executables,
  logger: Logger,
): Promise<FirewallView> {
  const custom = await customView(views, "ipv4", named, logger);
  if (custom !== undefined) return custom;
  const nft = await views.get("ipv4", "nft");
  // The kernel's list says that no legacy table exists: then nobody uses legacy, and no program needs to run.
  if (typeof nft !== "string" && views.hasTables("ipv4", "legacy") === false) return nft;
  const legacy = await views.get("ipv4", "legacy");
  if (typeof nft === "string" && typeof legacy === "string") {
    throw new KumaError(
      "KUMA-TP-201",
      `no usable iptables was found: nft: ${nft}; legacy: ${legacy}`,
      { hint: "install the package iptables, or name the programs with --iptables-executables" },
    );
  }
  if (typeof legacy === "string") return nft as FirewallView;
  if (typeof nft === "string") return legacy;
  const { flavour, conflict } = chooseFlavour(useOf(nft), useOf(legacy));
  if (conflict) {
    logger.warn(
      "both iptables-nft and iptables-legacy hold rules, which may contradict each other; nft is used",
      { family: "ipv4" },
    );
  }
  return flavour === "nft" ? nft : legacy;
}

/** The view of IPv6 to write to, of the flavour that IPv4 has; words where there is none. */
export async function detectIpv6(
  views: Views,
  flavour: Flavour,
  named: Executables,
  logger: Logger,
): Promise<FirewallView | string> {
  return await customView(views, "ipv6", named, logger) ?? await views.get("ipv6", flavour);
}

/**
 * Views that are not written to but hold rules or chains of ours, from a run when the host was set up
 * differently: rules in the flavour that is not chosen keep acting, so they have to go.
 */
export async function leftovers(
  views: Views,
  used: readonly FirewallView[],
  logger: Logger,
): Promise<FirewallView[]> {
  const found: FirewallView[] = [];
  for (const family of FAMILIES) {
    for (const flavour of ["nft", "legacy"] as const) {
      const taken = used.some(({ tools }) => tools.family === family && tools.flavour === flavour);
      if (taken || views.hasTables(family, flavour) !== true) continue;
      const view = await views.get(family, flavour);
      if (typeof view === "string") {
        logger.warn(
          `whether rules of an earlier run are in ${flavour} tables cannot be seen: ${view}`,
          {
            family,
          },
        );
      } else if (holdsOurs(view.state)) found.push(view);
    }
  }
  return found;
}

async function customView(
  views: Views,
  family: Family,
  named: Executables,
  logger: Logger,
): Promise<FirewallView | undefined> {
  const tools = await views.finder.custom(family, named);
  if (tools === undefined) return undefined;
  const view = typeof tools === "string" ? tools : await views.through(tools);
  if (typeof view === "string") {
    logger.warn(`the executables that were named cannot be used, looking for others: ${view}`, {
      family,
    });
    return undefined;
  }
  logger.info(`using the executables that were named: ${view.tools.restore}`, { family });
  return view;
}

function useOf({ state }: FirewallView) {
  return { rules: hasRules(state), docker: hasDockerOutput(state) };
}
