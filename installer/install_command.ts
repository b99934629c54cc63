/**
 * What install-cni is for: it installs, serves, heals, and leaves when it is told to.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Io } from "core/program/io.ts";
import { makeLog } from "./report/log.ts";
import { readSettings } from "./settings/settings.ts";

/** Exit codes of Kuma 2.9: bad settings, bad log level, failed installation; and of sysexits(3): usage. */
export const EXIT = { settings: 1, logLevel: 2, install: 3, check: 1, usage: 64 } as const;

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const;

/** Runs until the process is asked to end. What fails after the settings were read is in the log. */
export async function installCommand({ environment }: Pick<Io, "environment">): Promise<number> {
  const settings = readSettings(environment);
  const log = makeLog(settings.logLevel, settings.logFormat);
  const stop = new AbortController();
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, () => {
      log.logger.info("stopping", { signal });
      stop.abort();
    });
  }
  const { forgetReadiness, live } = await import("./lifetime.ts");
  try {
    forgetReadiness(settings);
    await live(settings, log, stop.signal);
    return 0;
  } catch (error) {
    const code = error instanceof KumaError ? error.code : "unexpected";
    log.logger.error("installation failed", { code, error: errorText(error) });
    return EXIT.install;
  }
}
