import type { ParsedCommand } from "core/program/command.ts";
import { defaultConfig } from "core/proxy/config.ts";
import { boolFlag } from "./configuration.ts";
import type { Io } from "core/program/io.ts";
import { LineLogger } from "./line_logger.ts";
import { checkPlatform } from "./preflight.ts";

/** `kumactl uninstall transparent-proxy`: takes our rules out again, or prints what would go. */
export async function uninstallTransparentProxyCommand(
  { flags }: ParsedCommand,
  io: Io,
): Promise<number> {
  const dryRun = boolFlag(flags, "dry-run");
  const logger = new LineLogger(io, dryRun);
  checkPlatform(dryRun, logger);
  const ebpf = boolFlag(flags, "ebpf-enabled");
  let removed = false;
  if (ebpf) {
    const { uninstallEbpf } = await import("./ebpf.ts");
    const bpffs = flags.findLast(({ flag }) => flag === "ebpf-bpffs-path")?.value ??
      defaultConfig().ebpf.bpffsPath;
    removed = await uninstallEbpf(bpffs, dryRun, io);
  }
  const { uninstallTransparentProxy } = await import("core/host/transparent_proxy/mod.ts");
  const report = await uninstallTransparentProxy({
    logger,
    print: (text: string) => io.out(text),
    dryRun,
    verbose: boolFlag(flags, "verbose"),
    ebpf,
  });
  if (dryRun) {
    if (!report.changed && !removed) {
      io.out("No transparent proxy is installed, nothing would go.\n");
    }
  } else {
    io.out(
      report.changed || removed
        ? "Transparent proxy uninstalled successfully.\n"
        : "No transparent proxy was installed, nothing was changed.\n",
    );
  }
  return 0;
}
