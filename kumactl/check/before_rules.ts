/**
 * Whether an installation's rules would be taken: by a dry run of it.
 *
 * @module
 */
import { BEFORE_SECTIONS } from "core/check/host_before.ts";
import { once } from "core/check/once.ts";
import { failed, failedBy, ok, type Outcome, outcomeOf, warning } from "core/check/outcome.ts";
import { type Section, section } from "core/check/run.ts";
import { type ErrorCode, KumaError } from "core/errors.ts";
import { hasPassthroughIpv6, hasUsableIpv6 } from "core/host/interfaces.ts";
import { readProcFile } from "core/host/proc.ts";
import { backendFor } from "core/host/transparent_proxy/backend.ts";
import { installTransparentProxy } from "core/host/transparent_proxy/install.ts";
import type { HostReport } from "core/host/transparent_proxy/options.ts";
import type { HostSubject } from "./subject.ts";
import { WarningList } from "./warning_list.ts";

/** What a dry run told. */
export interface Trial {
  readonly report: HostReport;
  readonly warnings: readonly string[];
}

/** An installation that changes nothing; it fails as a real one would. */
export function trialOf({ document, around }: HostSubject): () => Promise<Trial> {
  return once(async () => {
    // What cannot be looked at is taken for an empty firewall by a dry run.
    await around();
    const logger = new WarningList();
    const report = await installTransparentProxy(document, { dryRun: true, logger });
    return { report, warnings: logger.warnings };
  });
}

/** These say that the kernel, or the host's iptables, does not take the rules. */
const REFUSALS: readonly ErrorCode[] = [
  "KUMA-TP-202",
  "KUMA-TP-203",
  "KUMA-TP-204",
  "KUMA-TP-205",
  "KUMA-TP-206",
  "KUMA-TP-221",
  "KUMA-TP-222",
  "KUMA-TP-230",
];
/** Each of these has a check of its own. */
const TOLD_ELSEWHERE: readonly string[] = [
  "KUMA-HOST-131",
  "KUMA-HOST-150",
  "KUMA-TP-201",
  "KUMA-TP-209",
  "KUMA-TP-211",
  "KUMA-TP-231",
];

/** What the dry run fails with where this user may not look. */
const NOT_PERMITTED: ErrorCode = "KUMA-TP-043";

/** Whether rules of others come before those that would be installed. */
export async function aheadOf(trial: () => Promise<Trial>): Promise<Outcome | undefined> {
  try {
    const { bypasses } = (await trial()).report;
    return bypasses.length === 0 ? ok() : warning(bypasses);
  } catch (error) {
    if (error instanceof KumaError && error.code !== NOT_PERMITTED) return undefined;
    throw error;
  }
}

/** The section. */
export function rulesSection(subject: HostSubject, trial: () => Promise<Trial>): Section {
  const { document, around } = subject;
  const byEbpf = document.ebpf.enabled && !document.ebpf.fallback;
  return section("rules", BEFORE_SECTIONS.rules, {
    "rules-backend": async () => {
      if (byEbpf) return undefined;
      const { backend, reason } = backendFor(document, await around(), {});
      return backend === "refused" ? failed(reason) : ok(`${backend}, as ${reason}`);
    },
    "rules-accepted": async () => byEbpf ? undefined : await accepted(trial),
    "rules-ipv6": async () => byEbpf ? undefined : await ipv6(subject, trial),
    "rules-ebpf": async () => document.ebpf.enabled ? await ebpf(subject) : undefined,
  });
}

async function accepted(trial: () => Promise<Trial>): Promise<Outcome | undefined> {
  try {
    const { report: { backend, flavour }, warnings } = await trial();
    const less = warnings.filter((line) => line.includes("the rules do without"));
    if (backend === "iptables" && flavour === undefined) return undefined;
    const by = backend === "nftables" ? backend : `iptables-${flavour}`;
    return less.length > 0 ? warning(less) : ok(by);
  } catch (error) {
    if (error instanceof KumaError && TOLD_ELSEWHERE.includes(error.code)) return undefined;
    return outcomeOf(error, REFUSALS);
  }
}

async function ipv6(
  { document: { ipFamilyMode } }: HostSubject,
  trial: () => Promise<Trial>,
): Promise<Outcome | undefined> {
  if (ipFamilyMode === "ipv4") return undefined;
  const usable = hasUsableIpv6();
  if (!usable && ipFamilyMode === "dualstack") return ok("no IPv6 address but ::1 is here");
  if (usable && !hasPassthroughIpv6() && isOffOnLoopback()) {
    return warning("::6 cannot be added to lo: net.ipv6.conf.lo.disable_ipv6 is 1");
  }
  try {
    const { backend, flavour, ipv6Skipped } = (await trial()).report;
    // Without iptables nothing was tried.
    if (backend === "iptables" && flavour === undefined) return undefined;
    return ipv6Skipped === undefined ? ok() : warning(ipv6Skipped);
  } catch (error) {
    if (!(error instanceof KumaError) || error.code === NOT_PERMITTED) throw error;
    // Whatever else the dry run failed for is told where it belongs.
    return error.code === "KUMA-TP-211" ? failedBy(error) : undefined;
  }
}

function isOffOnLoopback(): boolean {
  try {
    return readProcFile("/proc/sys/net/ipv6/conf/lo/disable_ipv6").trim() === "1";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What the installation itself mounts is not missing. */
const MOUNTED = "BPF file system";

async function ebpf({ document: { ebpf } }: HostSubject): Promise<Outcome> {
  const { preflight } = await import("core/host/bpf/preflight.ts");
  const { bpffsPath, cgroupPath, fallback } = ebpf;
  const { findings } = preflight({ bpffs: bpffsPath, cgroup: cgroupPath, mountBpffs: false });
  const lacking = findings.flatMap(({ about, lacks }) =>
    about === MOUNTED || lacks === undefined ? [] : [lacks]
  );
  if (lacking.length === 0) return ok();
  const todo = lacking[0]?.hint;
  const say = fallback ? warning : failed;
  return say(lacking.map(({ message }) => message), todo === undefined ? {} : { todo });
}
