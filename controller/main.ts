/**
 * kuma-controller: keeps nodes, Dataplanes and NetworkAttachmentDefinitions as the mesh needs them.
 *
 * Its limits: it writes nothing that Kuma's control plane writes beside it unless told so, and it knows the
 * cluster by its own informers alone.
 *
 * @module
 */
import { Command, CommanderError, Option } from "commander";
import { KubeClient } from "core/cluster/client.ts";
import { findEndpoint } from "core/cluster/credentials.ts";
import { errorText, KumaError } from "core/errors.ts";
import { LOG_LEVELS, parseLogLevel } from "core/log/levels.ts";
import { stderrLogger } from "core/program/log.ts";
import { untilSignal } from "core/program/signals.ts";
import { versionText } from "core/program/version.ts";
import { writeAll } from "core/program/write_all.ts";
import { VERSION } from "core/version.ts";
import { readEnvironment } from "./environment.ts";
import { serve } from "./serve.ts";
import { loadSettings } from "./settings/load.ts";

interface ServeFlags {
  configFile?: string;
  address: string;
  port: string;
  logLevel: string;
  logFormat: "json" | "text";
}

/** Runs the command line; the result is the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command("kuma-controller").exitOverride()
    .description("Control loops of the mesh: node taints, Dataplanes, NetworkAttachmentDefinitions")
    .version(VERSION, "--version", "print the version");
  program.command("version").description("print the version")
    .option("--detailed", "also commit, Deno's version and target", false)
    .action(({ detailed }: { detailed: boolean }) =>
      writeAll(Deno.stdout, versionText("kuma-controller", detailed))
    );
  program.command("serve", { isDefault: true }).description("run until SIGTERM")
    .option("--config-file <path>", "the control plane's YAML document")
    .option("--address <address>", "where /healthz, /readyz, /metrics are; empty for all", "")
    .option("--port <port>", "TCP port of these", "8080")
    .addOption(new Option("--log-level <level>").choices([...LOG_LEVELS]).default("info"))
    .addOption(new Option("--log-format <format>").choices(["json", "text"]).default("json"))
    .action(async (flags: ServeFlags) => void (code = await runServe(flags)));
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode;
    const prefix = thrown instanceof KumaError ? `${thrown.code}: ` : "";
    writeAll(Deno.stderr, `kuma-controller: ${prefix}${errorText(thrown)}\n`);
    return 1;
  }
}

async function runServe(flags: ServeFlags): Promise<number> {
  const { logLevel, logFormat: format, configFile, address } = flags;
  const log = stderrLogger("kuma-controller", { level: parseLogLevel(logLevel) ?? "info", format });
  const environment = readEnvironment();
  const loaded = loadSettings(
    configFile === undefined ? undefined : { name: configFile, text: readText(configFile) },
    environment,
  );
  for (const warning of loaded.warnings) log.warn(warning);
  if (!/^[0-9]{1,5}$/.test(flags.port) || Number(flags.port) > 65_535) {
    throw new KumaError("KUMA-CTL-001", `--port: ${flags.port} is no port`);
  }
  const ending = new AbortController();
  void untilSignal().then((signal) => {
    log.info("ending", { signal });
    ending.abort();
  });
  using client = new KubeClient(
    await findEndpoint(environment, "KUMA-CTL-003"),
    "kuma-controller",
  );
  const identity = `${environment.POD_NAME ?? "kuma-controller"}_${crypto.randomUUID()}`;
  const port = Number(flags.port);
  const end = await serve({
    loaded,
    client,
    log,
    address,
    port,
    identity,
    ending: ending.signal,
  });
  if (end === "ended") return 0;
  throw new KumaError("KUMA-CTL-005", "another replica leads now, or the Lease could not be kept");
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    throw new KumaError("KUMA-CTL-001", `${path}: ${errorText(cause)}`, { cause });
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
