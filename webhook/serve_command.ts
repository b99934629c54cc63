/**
 * `kuma-webhook serve`.
 *
 * @module
 */
import { KubeClient } from "core/cluster/client.ts";
import { findEndpoint } from "core/cluster/credentials.ts";
import { KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { documentFor, loggerFor, wholeNumber } from "core/program/serve_flags.ts";
import { untilSignal } from "core/program/signals.ts";
import { fileSource, type PairSource } from "./certificates/file_pair.ts";
import { serve } from "./serve.ts";
import { CallerTokens } from "./server/caller_token.ts";
import { type LoadedSettings, loadSettings } from "core/inject/settings/load.ts";

/** Longest time that requests may still be served, in seconds. */
const LONGEST_DRAIN = 9999;

/** Serves until the process is asked to end. */
export async function serveCommand(parsed: ParsedCommand, { environment }: Io): Promise<number> {
  const log = loggerFor("kuma-webhook", parsed);
  const drainMs = wholeNumber(parsed, "drain-time", LONGEST_DRAIN) * 1000;
  const loaded = loadSettings(documentFor(parsed, "KUMA-WH-001"), environment);
  for (const warning of loaded.warnings) log.warn(warning);
  const ending = untilSignal();
  using connection = new KubeClient(
    await findEndpoint(environment, "KUMA-WH-021"),
    "kuma-webhook",
  );
  const pairs = await pairSource(parsed, loaded, connection, log);
  const tokenFile = parsed.text("admission-token-file");
  const callerTokens = tokenFile === undefined ? {} : { callerTokens: new CallerTokens(tokenFile) };
  await serve({ loaded, connection, pairs, log, ending, drainMs, ...callerTokens });
  return 0;
}

async function pairSource(
  parsed: ParsedCommand,
  { settings }: LoadedSettings,
  connection: KubeClient,
  log: Logger,
): Promise<PairSource> {
  if (parsed.on("generate-certs")) {
    // The X.509 library is large and only this mode needs it.
    const { secretSource } = await import("./certificates/secret.ts");
    return secretSource({
      connection,
      namespace: settings.systemNamespace,
      secret: parsed.text("tls-secret") ?? "",
      service: parsed.text("service") ?? settings.controlPlaneServiceName,
      log,
    });
  }
  if (settings.certDir !== "") return fileSource(settings.certDir);
  throw new KumaError("KUMA-WH-022", "runtime.kubernetes.admissionServer.certDir is empty", {
    hint: "set it to a folder with tls.crt and tls.key, or use --generate-certs",
  });
}
