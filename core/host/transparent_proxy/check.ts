import { KumaError } from "core/errors.ts";
import { silentLogger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { FAMILIES, type ResolvedConfig } from "core/proxy/resolved.ts";
import type { RuleAhead } from "core/rules/ahead.ts";
import { countedNft, type CountedRule } from "core/rules/counted.ts";
import { checkNftables } from "../nftables/check.ts";
import type { InstallSubject } from "../nftables/install.ts";
import { holdsOurIpv6, lookAround, usesIptables } from "../nftables/surroundings.ts";
import { backendFor } from "./backend.ts";
import type { HostOptions } from "./options.ts";
import { homeOf, type OurHome } from "./others_ahead.ts";
import { resolved } from "./prepare.ts";
import { openSession, patienceOf, type Session } from "./session.ts";
import { warnOfBypasses } from "./describe_ahead.ts";

/**
 * What lies between the rules of `document` and those of the netns that the main thread is in, one line a
 * difference, such as `ipv4: table nat, chain OUTPUT: a rule is missing: -p tcp -j KUMA_MESH_OUTBOUND`;
 * none where the rules are as they should be. Changes nothing.
 *
 * @throws {KumaError} as planning does.
 */
export async function checkTransparentProxy(
  document: TransparentProxyConfig,
  options: HostOptions = {},
): Promise<string[]> {
  // As a dry run: looking must not add an address to the loopback interface.
  const session = openSession(options, patienceOf(document), true);
  const subject = { document, around: lookAround() };
  const { differences, ahead } = await examineTransparentProxy(subject, session, options);
  warnOfBypasses(ahead.filter(({ bypasses }) => bypasses), options.logger ?? silentLogger);
  return differences;
}

/** What was found where our rules should be. */
export interface Examined {
  /** As {@linkcode checkTransparentProxy} gives them. */
  readonly differences: string[];
  /** Our rules that are in place, with what they counted where that was asked for. */
  readonly rules: CountedRule[];
  /** Rules of others in the very tables that hold ours. */
  readonly ahead: RuleAhead[];
  /** Where ours are. */
  readonly home: OurHome;
  /** The configuration with nothing left to look up. */
  readonly config: ResolvedConfig;
  /** Whether rules of ours for IPv6 are in place, of whatever backend. */
  readonly ipv6: boolean;
}

/**
 * Compares, and tells what is there. Changes nothing.
 *
 * @throws {KumaError} as planning does.
 */
export async function examineTransparentProxy(
  { document, around }: Pick<InstallSubject, "document" | "around">,
  session: Session,
  options: HostOptions,
): Promise<Examined> {
  const config = resolved(document, session, options.paths?.passwd, options.uid);
  const { backend, reason } = backendFor(document, around, options);
  if (backend === "refused") {
    throw new KumaError("KUMA-TP-231", `nftables cannot be used here: ${reason}`);
  }
  const nothing = !around.ourTable && !usesIptables(around);
  if (backend === "nftables" || document.firewallBackend === "auto" && nothing && !around.reason) {
    const { differences, table, found } = checkNftables({ document, config, around }, session);
    const rules = found === undefined
      ? []
      : countedNft(differences.length === 0 ? table : undefined, found);
    const home = homeOf({ backend: "nftables", flavour: undefined }, config);
    const ipv6 = holdsOurIpv6(around, () => found);
    return { differences, rules, ahead: [], home, config, ipv6 };
  }
  await beginListings(document, session);
  const { examineIptables } = await import("./check_iptables.ts");
  return await examineIptables({ document, config, around }, session, options);
}

/** Each listing takes as long as all that is done meanwhile. */
async function beginListings(
  { iptablesExecutables, ipFamilyMode }: TransparentProxyConfig,
  session: Session,
): Promise<void> {
  // Then others than those that are found.
  if (Object.keys(iptablesExecutables).length > 0) return;
  const { viewsOf } = await import("./programs.ts");
  const views = viewsOf(session);
  for (const family of ipFamilyMode === "ipv4" ? ["ipv4" as const] : FAMILIES) {
    for (const flavour of ["nft", "legacy"] as const) {
      if (views.hasTables(family, flavour) === true) views.begin(family, flavour);
    }
  }
}
