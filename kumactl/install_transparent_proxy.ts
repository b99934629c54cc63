import { KumaError } from "core/errors.ts";
import { hasBootFiles } from "core/host/boot_files.ts";
import type { BpfReport } from "core/host/bpf/install.ts";
import { prefixed, within } from "core/grammar/echo.ts";
import type { ParsedCommand } from "core/program/command.ts";
import { boolFlag, checkEbpf, loadConfiguration } from "./configuration.ts";
import type { Io } from "core/program/io.ts";
import { ebpfPlaces } from "./ebpf_places.ts";
import { LineLogger } from "./line_logger.ts";
import { warnOfDnsLoop } from "./dns_loop.ts";
import { portClashes } from "./port_clashes.ts";
import { PlanOutput, type PlanReport } from "./plan_output.ts";
import { checkPlatform } from "./preflight.ts";
import { summary } from "./summary.ts";

/**
 * `kumactl install transparent-proxy`: loads the configuration and makes it true, or prints what it would
 * do. The order of the steps decides which of several errors is shown, and is that of Kuma 2.9; nothing
 * is touched before the last one.
 */
export async function installTransparentProxyCommand(
  parsed: ParsedCommand,
  terminal: Io,
): Promise<number> {
  const { flags } = parsed;
  const output = new PlanOutput(parsed, terminal);
  const { io } = output;
  const dryRunFlag = boolFlag(flags, "dry-run") || output.diff;
  const early = new LineLogger(io, dryRunFlag || output.quiet);
  checkPlatform(dryRunFlag, early);
  const { config, provenance, warnings } = await loadConfiguration(flags, io);
  for (const warning of warnings) early.warn(warning);
  if (flags.some(({ flag }) => flag === "kuma-dp-uid")) {
    early.warn("--kuma-dp-uid is deprecated, use --kuma-dp-user");
  }
  config.dryRun ||= output.diff;
  if (config.verbose) showSources(provenance, io);
  checkEbpf(config);

  const logger = new LineLogger(io, config.dryRun || output.quiet);
  warnOfDnsLoop(config, logger);
  for (const clash of portClashes(config)) logger.warn(clash);
  const persists = parsed.choice("persist", ["no", "systemd"]) === "systemd";
  // What cannot be done is said before anything is.
  if (persists) (await import("core/host/boot_unit.ts")).planBoot(config);
  const sources = Object.fromEntries(provenance);
  const install = async (): Promise<BpfReport & { backend: PlanReport["backend"] }> => {
    if (config.ebpf.enabled) {
      const { installEbpf } = await import("./ebpf.ts");
      const report = await installEbpf(config, logger, io, sources);
      if (report !== undefined) return { ...report, backend: "eBPF" };
      config.ebpf.enabled = config.ebpf.fallback = false;
    }
    const places = ebpfPlaces(config.ebpf.bpffsPath);
    // Both at once would redirect twice: that it can be taken out of force is known before rules come.
    if (places.length > 0 && !config.dryRun) {
      await (await import("./ebpf.ts")).requireEbpfSight(places);
    }
    const { installTransparentProxy } = await import("core/host/transparent_proxy/install.ts");
    const report = await installTransparentProxy(config, {
      logger,
      print: (text) => io.out(text),
      dryRun: config.dryRun,
      sources,
    });
    if (places.length === 0) return report;
    const { removeEbpfHere } = await import("./ebpf.ts");
    const former = await removeEbpfHere(places, config.dryRun);
    if (!former.changed) return report;
    if (config.dryRun) io.out("# eBPF would no longer redirect here\n");
    else logger.info("eBPF redirects no longer here");
    return { ...report, changed: true, changes: [...report.changes, ...former.changes] };
  };
  const report = await install().catch((thrown: unknown) => {
    throw prefixed(stage(thrown), thrown);
  });
  if (config.verbose) showCost(report, io);
  if (!config.dryRun) io.out(`${summary(config, report)}\n`);
  const done = config.dryRun ? "" : "the rules are in, and do not outlive a restart: ";
  const persist = within(done, () => persists || hasBootFiles())
    ? (await import("./persist.ts")).persist
    : undefined;
  const stored = within(done, () => persist?.(config, persists, { io, logger }) ?? []);
  return await output.end("kuma.io/kumactl-install-transparent-proxy/v1", config.dryRun, {
    ...report,
    changes: [...report.changes, ...stored],
  });
}

/** Codes of failures while rules were applied; what fails before is called initialisation. */
const APPLYING: ReadonlySet<string> = new Set([
  "KUMA-TP-103",
  "KUMA-TP-204",
  "KUMA-TP-205",
  "KUMA-TP-206",
  "KUMA-TP-207",
  "KUMA-TP-208",
  "KUMA-TP-213",
  "KUMA-TP-230",
  "KUMA-TP-232",
]);
/** Codes about firewalld's file, which comes after the rules and has no stage of its own. */
const FIREWALLD: ReadonlySet<string> = new Set(["KUMA-TP-221", "KUMA-TP-222"]);

/** The words that Kuma 2.9 puts before an error of either stage. */
function stage(thrown: unknown): string {
  const code = thrown instanceof KumaError ? thrown.code : "";
  if (FIREWALLD.has(code)) return "";
  return APPLYING.has(code)
    ? "failed to setup transparent proxy: "
    : "failed to initialize config: ";
}

/** Where the settings that are no defaults come from; on standard error, which a dry run leaves free. */
function showSources(provenance: ReadonlyMap<string, string>, io: Io): void {
  for (const [key, source] of provenance) io.err(`# ${key} is set by ${source}\n`);
}

/** How long each phase took, and how many programs were started. */
function showCost({ durations, children }: BpfReport, io: Io): void {
  const phases = Object.entries(durations).map(([phase, took]) => `${phase} ${took.toFixed(0)} ms`);
  io.err(`# ${[...phases, `${children} programs started`].join(", ")}\n`);
}
