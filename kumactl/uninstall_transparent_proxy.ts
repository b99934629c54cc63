import type { ParsedCommand } from "core/program/command.ts";
import { defaultConfig } from "core/proxy/config.ts";
import { boolFlag } from "./configuration.ts";
import type { Io } from "core/program/io.ts";
import { removeEbpfHere, uninstallEbpf } from "./ebpf.ts";
import { ebpfPlaces } from "./ebpf_places.ts";
import { LineLogger } from "./line_logger.ts";
import { PlanOutput } from "./plan_output.ts";
import { checkPlatform } from "./preflight.ts";

/** `kumactl uninstall transparent-proxy`: takes our rules out again, or prints what would go. */
export async function uninstallTransparentProxyCommand(
  parsed: ParsedCommand,
  terminal: Io,
): Promise<number> {
  const { flags } = parsed;
  const output = new PlanOutput(parsed, terminal);
  const { io } = output;
  const dryRun = boolFlag(flags, "dry-run") || output.diff;
  const logger = new LineLogger(io, dryRun || output.quiet);
  checkPlatform(dryRun, logger);
  const ebpf = boolFlag(flags, "ebpf-enabled");
  const bpffs = flags.findLast(({ flag }) => flag === "ebpf-bpffs-path")?.value ??
    defaultConfig().ebpf.bpffsPath;
  const { unpersist } = await import("./persist.ts");
  // First what would bring it back: who is killed after that finds it in place, until a restart at the most.
  const early = dryRun ? [] : unpersist(dryRun, io);
  const removed = ebpf
    ? await uninstallEbpf(bpffs, dryRun)
    : await removeEbpfHere(ebpfPlaces(bpffs), dryRun);
  if (dryRun && removed.changed) {
    io.out(`the eBPF programs that are pinned in ${bpffs}/kuma would go\n`);
  }
  const { uninstallTransparentProxy } = await import("core/host/transparent_proxy/uninstall.ts");
  const report = await uninstallTransparentProxy({
    logger,
    print: (text: string) => io.out(text),
    dryRun,
    verbose: boolFlag(flags, "verbose"),
    ebpf: ebpf || removed.changed,
  });
  const unstored = dryRun ? unpersist(dryRun, io) : early;
  const changed = report.changed || removed.changed || unstored.length > 0;
  if (dryRun) {
    if (!changed) {
      io.out("No transparent proxy is installed, nothing would go.\n");
    }
  } else {
    io.out(
      changed
        ? "Transparent proxy uninstalled successfully.\n"
        : "No transparent proxy was installed, nothing was changed.\n",
    );
  }
  return await output.end("kuma.io/kumactl-uninstall-transparent-proxy/v1", dryRun, {
    ...report,
    backend: removed.changed ? "eBPF" : report.backend,
    changed,
    changes: [...removed.changes, ...report.changes, ...unstored],
  });
}
