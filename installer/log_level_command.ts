/**
 * `install-cni log-level`.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { type Document, FORMATS, printDocument } from "core/program/output.ts";
import { EXIT } from "./install_command.ts";
import { readSettings } from "./settings/settings.ts";

/** What `log-level -o json` prints. */
export interface LogLevelDocument extends Document {
  readonly schema: "kuma.io/install-cni-log-level/v1";
  /** The level from now on. */
  readonly level: string;
}

/** Asks the installer that runs in this pod for its level, or for another one. */
export async function logLevelCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const { words: [level] } = parsed;
  const format = parsed.choice("output", FORMATS);
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
  const said = await response.text();
  if (format === "text" || !response.ok) io.out(said);
  else {
    const document: LogLevelDocument = {
      schema: "kuma.io/install-cni-log-level/v1",
      level: said.trim(),
    };
    await printDocument(io, format, document);
  }
  return response.ok ? 0 : EXIT.check;
}
