/**
 * kuma-webhook: the admission server that injects sidecars into pods.
 *
 * Its limits: it hooks the creation of pods only, and it needs an API server that can reach its port.
 *
 * @module
 */
import { versionText } from "core/program/version.ts";
import { writeAll } from "core/program/write_all.ts";
import { VERSION } from "core/version.ts";
import { Command, CommanderError, Option } from "commander";
import { parse } from "yaml";
import { errorText, KumaError } from "core/errors.ts";
import type { Json } from "core/patch/json.ts";
import { LOG_LEVELS, parseLogLevel } from "core/log/levels.ts";
import { fileSource, type PairSource } from "./certificates/file_pair.ts";
import { KubeClient } from "core/cluster/client.ts";
import { findEndpoint } from "core/cluster/credentials.ts";
import { readEnvironment } from "./environment.ts";
import { explainHere } from "./explain/here.ts";
import { whoAsks } from "./explain/who_asks.ts";
import { addManifests } from "./install/command.ts";
import { stderrLogger } from "core/program/log.ts";
import { serve } from "./serve.ts";
import { untilSignal } from "core/program/signals.ts";
import { type LoadedSettings, loadSettings, type SettingsDocument } from "./settings/load.ts";
import type { Logger } from "core/log/logger.ts";

interface ServeFlags {
  configFile?: string;
  generateCerts: boolean;
  tlsSecret: string;
  service?: string;
  drainTime: string;
  logLevel: string;
  logFormat: "json" | "text";
}

/** Runs the command line; the result is the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let code = 0;
  const done = (work: Promise<number>) => work.then((result) => void (code = result));
  const program = new Command("kuma-webhook").exitOverride()
    .description("Admission server: injects sidecars, validates ContainerPatches")
    .version(VERSION, "--version", "print the version");
  program.command("version").description("print the version")
    .option("--detailed", "also commit, Deno's version and target", false)
    .action(({ detailed }: { detailed: boolean }) =>
      writeAll(Deno.stdout, versionText("kuma-webhook", detailed))
    );
  program.command("serve", { isDefault: true }).description("serve until SIGTERM")
    .option("--config-file <path>", "the control plane's YAML document")
    .option("--generate-certs", "make and renew the certificate, keep it in a Secret", false)
    .option("--tls-secret <name>", "that Secret, in the system namespace", "kuma-webhook-tls")
    .option("--service <name>", "Service that API servers call (default: the control plane's)")
    .option("--drain-time <seconds>", "how long requests are served after SIGTERM", "10")
    .addOption(new Option("--log-level <level>").choices([...LOG_LEVELS]).default("info"))
    .addOption(new Option("--log-format <format>").choices(["json", "text"]).default("json"))
    .action((flags: ServeFlags) => done(runServe(flags)));
  program.command("explain").description("say what would become of a pod, and why")
    .requiredOption("-f, --file <path>", "the pod, YAML or JSON; - for standard input")
    .option("-n, --namespace <name>", "its namespace (default: the file's)")
    .option("--config-file <path>", "the control plane's YAML document")
    .option(
      "--offline",
      "ask no cluster: assume an enabled namespace and the mesh that the pod names",
      false,
    )
    .action((flags: ExplainFlags) => done(runExplain(flags)));
  addManifests(program, { print: (text) => writeAll(Deno.stdout, text), document: readDocument });
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode;
    const prefix = thrown instanceof KumaError ? `${thrown.code}: ` : "";
    writeAll(Deno.stderr, `kuma-webhook: ${prefix}${errorText(thrown)}\n`);
    return 1;
  }
}

function settingsFrom(path: string | undefined): LoadedSettings {
  return loadSettings(path === undefined ? undefined : readDocument(path), readEnvironment());
}

function readDocument(path: string): SettingsDocument {
  try {
    return { name: path, text: Deno.readTextFileSync(path) };
  } catch (cause) {
    throw new KumaError("KUMA-WH-001", `${path}: ${errorText(cause)}`, { cause });
  }
}

async function runServe(flags: ServeFlags): Promise<number> {
  const log = stderrLogger("kuma-webhook", {
    level: parseLogLevel(flags.logLevel) ?? "info",
    format: flags.logFormat,
  });
  const loaded = settingsFrom(flags.configFile);
  for (const warning of loaded.warnings) log.warn(warning);
  if (!/^[0-9]{1,4}$/.test(flags.drainTime)) {
    throw new KumaError("KUMA-WH-001", `--drain-time: ${flags.drainTime} is no number of seconds`);
  }
  const ending = untilSignal();
  using connection = new KubeClient(
    await findEndpoint(readEnvironment(), "KUMA-WH-021"),
    "kuma-webhook",
  );
  await serve({
    loaded,
    connection,
    pairs: await pairSource(flags, loaded, connection, log),
    log,
    ending,
    drainMs: Number(flags.drainTime) * 1000,
  });
  return 0;
}

async function pairSource(
  flags: ServeFlags,
  { settings }: LoadedSettings,
  connection: KubeClient,
  log: Logger,
): Promise<PairSource> {
  if (flags.generateCerts) {
    // The X.509 library is large and only this mode needs it.
    const { secretSource } = await import("./certificates/secret.ts");
    return secretSource({
      connection,
      namespace: settings.systemNamespace,
      secret: flags.tlsSecret,
      service: flags.service ?? settings.controlPlaneServiceName,
      log,
    });
  }
  if (settings.certDir !== "") return fileSource(settings.certDir);
  throw new KumaError("KUMA-WH-022", "runtime.kubernetes.admissionServer.certDir is empty", {
    hint: "set it to a folder with tls.crt and tls.key, or use --generate-certs",
  });
}

interface ExplainFlags {
  file: string;
  namespace?: string;
  configFile?: string;
  offline: boolean;
}

async function runExplain(flags: ExplainFlags): Promise<number> {
  const text = flags.file === "-"
    ? await new Response(Deno.stdin.readable).text()
    : Deno.readTextFileSync(flags.file);
  const loaded = settingsFrom(flags.configFile);
  const credentials = flags.offline ? undefined : await whoAsks(readEnvironment());
  const out = await explainHere(
    parse(text) as Json,
    flags.namespace,
    loaded,
    credentials,
  );
  writeAll(Deno.stdout, out);
  return 0;
}

if (import.meta.main) Deno.exitCode = await main(Deno.args);
