/**
 * The programs of iptables, as an installation finds them.
 *
 * @module
 */
import { BEFORE_SECTIONS } from "core/check/host_before.ts";
import { once } from "core/check/once.ts";
import { ok, type Outcome, outcomeOf, warning } from "core/check/outcome.ts";
import { type Section, section } from "core/check/run.ts";
import { detectIpv4, detectIpv6 } from "core/host/firewall/detect.ts";
import { hasRules } from "core/host/firewall/snapshot.ts";
import type { FirewallView } from "core/host/firewall/views.ts";
import { isAtLeast } from "core/host/firewall/version.ts";
import { hasUsableIpv6 } from "core/host/interfaces.ts";
import { backendFor } from "core/host/transparent_proxy/backend.ts";
import { silentLogger } from "core/log/logger.ts";
import { FAMILIES } from "core/proxy/resolved.ts";
import type { HostSubject } from "./subject.ts";
import { WarningList } from "./warning_list.ts";
import { viewsOf } from "core/host/transparent_proxy/programs.ts";

/** The oldest release that was tried, and the first with both flavours. */
const OLDEST = [1, 8];

/** The section; nothing of it applies where nftables writes the rules, or eBPF alone. */
export function toolsSection(subject: HostSubject): Section {
  const { document, session, around } = subject;
  const logger = new WarningList();
  const choice = once(async () => backendFor(document, await around(), {}));
  const applies = once(async () =>
    !(document.ebpf.enabled && !document.ebpf.fallback) && (await choice()).backend === "iptables"
  );
  const ipv4 = once(() => detectIpv4(viewsOf(session()), document.iptablesExecutables, logger));
  return section("tools", BEFORE_SECTIONS.tools, {
    "tools-found": async () => {
      if (!await applies()) return undefined;
      try {
        const { tools } = await ipv4();
        return await found(subject, tools, logger);
      } catch (error) {
        const outcome = outcomeOf(error, ["KUMA-TP-201", "KUMA-TP-203"]);
        const chosen = await choice();
        const other = chosen.backend !== "refused" && chosen.fallback &&
          outcome.code === "KUMA-TP-201";
        // Nobody asked for iptables, and nftables does it, too.
        return other
          ? {
            ...outcome,
            status: "warning",
            details: [...outcome.details, "nftables is used in its place"],
          }
          : outcome;
      }
    },
    "tools-version": async () => {
      if (!await applies()) return undefined;
      const view = await ipv4().catch(() => undefined);
      if (view === undefined) return undefined;
      const version = await viewsOf(session()).finder.version(view.tools);
      const text = version?.join(".");
      if (isAtLeast(version, OLDEST)) return ok(text ?? "");
      return warning(`${view.tools.iptables} ${text ?? "does not tell its version"}`);
    },
    "tools-agree": async () => await applies() ? await agree(subject) : undefined,
  });
}

async function found(
  { document, session }: HostSubject,
  { flavour, restore }: FirewallView["tools"],
  logger: WarningList,
): Promise<Outcome> {
  const { ipFamilyMode, iptablesExecutables } = document;
  const refused = logger.warnings.filter((line) => line.includes("executables that were named"));
  if (refused.length > 0) return warning(refused, { todo: "mend --iptables-executables" });
  if (ipFamilyMode === "ipv4" || !hasUsableIpv6()) return ok(restore);
  const ipv6 = await detectIpv6(viewsOf(session()), flavour, iptablesExecutables, silentLogger);
  return typeof ipv6 === "string"
    ? warning(`${restore} for IPv4; for IPv6: ${ipv6}`)
    : ok(`${restore} and ${ipv6.tools.restore}`);
}

async function agree({ session }: HostSubject): Promise<Outcome> {
  const views = viewsOf(session());
  const lines: string[] = [];
  for (const family of FAMILIES) {
    let used = 0;
    for (const flavour of ["nft", "legacy"] as const) {
      // Without tables there is nothing to list, and listing legacy ones makes them.
      if (views.hasTables(family, flavour) === false) continue;
      const view = await views.get(family, flavour);
      if (typeof view !== "string" && hasRules(view.state)) used++;
    }
    if (used > 1) lines.push(`${family}: iptables-nft and iptables-legacy hold rules`);
  }
  return lines.length === 0 ? ok() : warning(lines);
}
