/**
 * install-cni: puts kuma-cni on a node, chains it, and keeps it there.
 *
 * Its limits: it restores what it changed, but not what other agents made of it meanwhile; a runtime that
 * keeps configs in memory (CRI-O, for pods that are there) may still call the plugin when they end.
 *
 * @module
 */
import { errorText, KumaError, oneLine } from "core/errors.ts";
import { versionText } from "core/program/version.ts";
import { writeAll } from "core/program/write_all.ts";
import type { Log } from "./report/log.ts";
import { makeLog } from "./report/log.ts";
import { RUN_IN_ROOT, runInRoot } from "./program/prove.ts";
import type { Settings } from "./settings/settings.ts";
import { readSettings } from "./settings/settings.ts";
import { variablesHelp } from "./settings/settings_table.ts";

/** Exit codes of Kuma 2.9: bad settings, bad log level, failed installation. */
const EXIT = { settings: 1, logLevel: 2, install: 3, check: 1, usage: 64 } as const;

const HELP = `install-cni [command]

  (none)              install the plugin on this node, keep it healed, and clean up at the end
  check               print what would be done on this node and why; change nothing
  log-level [LEVEL]   show or change the level of the installer that runs in this pod
  version             the version; with --detailed also commit, Deno's version and target
  help                this text

Environment variables (defaults in brackets):
${variablesHelp()}
`;

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const;

/** Runs the command line; the result is the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case undefined:
      return await runInstaller();
    case "check":
      return await runCheck();
    case "log-level":
      return await runLogLevel(rest[0]);
    case RUN_IN_ROOT:
      return guarded(() => runInRoot(rest[0] ?? "", rest[1] ?? ""));
    case "version":
    case "--version":
      print(versionText("install-cni", rest[0] === "--detailed"));
      return 0;
    case "help":
    case "--help":
    case "-h":
      print(HELP);
      return 0;
    default:
      complain(
        new KumaError("KUMA-INS-060", `The command "${command}" is unknown`, {
          hint: "see --help",
        }),
      );
      return EXIT.usage;
  }
}

async function runInstaller(): Promise<number> {
  const settings = readOrComplain();
  if (typeof settings === "number") return settings;
  const log: Log = makeLog(settings.logLevel, settings.logFormat);
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

async function runCheck(): Promise<number> {
  const settings = readOrComplain();
  if (typeof settings === "number") return settings;
  const [{ check }, { placesOf }] = await Promise.all([
    import("./check.ts"),
    import("./program/places.ts"),
  ]);
  return guarded(() => {
    const report = check(settings, placesOf(settings));
    print(`${report.lines.map(oneLine).join("\n")}\n`);
    return report.works ? 0 : EXIT.check;
  });
}

async function runLogLevel(level: string | undefined): Promise<number> {
  const settings = readOrComplain();
  if (typeof settings === "number") return settings;
  const url = `http://127.0.0.1:${settings.httpPort}/loglevel`;
  try {
    const response = await fetch(url, level === undefined ? {} : { method: "PUT", body: level });
    print(await response.text());
    return response.ok ? 0 : EXIT.check;
  } catch (error) {
    complain(new KumaError("KUMA-INS-060", `No installer answers at ${url}: ${errorText(error)}`));
    return EXIT.check;
  }
}

function readOrComplain(): Settings | number {
  try {
    return readSettings(Deno.env.toObject());
  } catch (error) {
    complain(error);
    return errorText(error).includes("CNI_LOG_LEVEL") ? EXIT.logLevel : EXIT.settings;
  }
}

function guarded(step: () => number): number {
  try {
    return step();
  } catch (error) {
    complain(error);
    return EXIT.check;
  }
}

function complain(error: unknown): void {
  const code = error instanceof KumaError ? `${error.code}: ` : "";
  writeAll(Deno.stderr, `install-cni: ${code}${errorText(error)}\n`);
}

function print(text: string): void {
  writeAll(Deno.stdout, text);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
