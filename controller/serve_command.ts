/**
 * `kuma-controller serve`.
 *
 * @module
 */
import { KubeClient } from "core/cluster/client.ts";
import { findEndpoint } from "core/cluster/credentials.ts";
import { KumaError } from "core/errors.ts";
import { MAX_PORT } from "core/grammar/numbers.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { documentFor, loggerFor, wholeNumber } from "core/program/serve_flags.ts";
import { untilSignal } from "core/program/signals.ts";
import { Leadership } from "./leadership.ts";
import { serve } from "./serve.ts";
import { loadSettings } from "./settings/load.ts";

/** Runs until the process is asked to end. */
export async function serveCommand(parsed: ParsedCommand, { environment }: Io): Promise<number> {
  const log = loggerFor("kuma-controller", parsed);
  const port = wholeNumber(parsed, "port", MAX_PORT);
  const loaded = loadSettings(documentFor(parsed, "KUMA-CTL-001"), environment);
  for (const warning of loaded.warnings) log.warn(warning);
  const ending = new AbortController();
  void untilSignal().then((signal) => {
    log.info("ending", { signal });
    ending.abort();
  });
  const endpoint = await findEndpoint(environment, "KUMA-CTL-003");
  const leadership = new Leadership();
  // Apart: a crowd of other requests does not keep the Lease from being renewed.
  using leaseClient = new KubeClient(endpoint, "kuma-controller");
  using client = new KubeClient(endpoint, "kuma-controller", {
    beforeWrite: () => leadership.check(),
  });
  const end = await serve({
    loaded,
    client,
    leaseClient,
    leadership,
    log,
    address: parsed.text("address") ?? "",
    port,
    identity: `${environment.POD_NAME ?? "kuma-controller"}_${crypto.randomUUID()}`,
    ending: ending.signal,
  });
  if (end === "ended") return 0;
  throw new KumaError("KUMA-CTL-005", "another replica leads now, or the Lease could not be kept");
}
