/**
 * `install-cni log-level`.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { EXIT } from "./install_command.ts";
import { readSettings } from "./settings/settings.ts";

/** Asks the installer that runs in this pod for its level, or for another one. */
export async function logLevelCommand({ words: [level] }: ParsedCommand, io: Io): Promise<number> {
  const url = `http://127.0.0.1:${readSettings(io.environment).httpPort}/loglevel`;
  let response: Response;
  try {
    response = await fetch(url, level === undefined ? {} : { method: "PUT", body: level });
  } catch (cause) {
    throw new KumaError("KUMA-INS-060", `No installer answers at ${url}: ${errorText(cause)}`, {
      hint: "run it in the installer's own container",
      cause,
    });
  }
  io.out(await response.text());
  return response.ok ? 0 : EXIT.check;
}
