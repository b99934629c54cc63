/**
 * `kuma-webhook explain`.
 *
 * @module
 */
import { parse } from "yaml";
import { errorText, KumaError } from "core/errors.ts";
import type { Json } from "core/patch/json.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { documentFor } from "core/program/serve_flags.ts";
import { loadSettings } from "../settings/load.ts";
import { explainHere } from "./here.ts";
import { whoAsks } from "./who_asks.ts";

/** etcd takes objects of 1.5 MiB at most; as YAML they may be longer. */
const LONGEST_POD = 8 * 1024 * 1024;

/** Prints what would become of a pod. */
export async function explainCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const pod = await readPod(parsed.text("file") ?? "", io);
  const loaded = loadSettings(documentFor(parsed, "KUMA-WH-001"), io.environment);
  const credentials = parsed.on("offline") ? undefined : await whoAsks(io.environment);
  io.out(await explainHere(pod, parsed.text("namespace"), loaded, credentials));
  return 0;
}

async function readPod(path: string, io: Io): Promise<Json> {
  try {
    const bytes = await io.read(path, LONGEST_POD);
    if (bytes.length > LONGEST_POD) throw new RangeError(`it has over ${LONGEST_POD} bytes`);
    return parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Json;
  } catch (cause) {
    throw new KumaError("KUMA-WH-001", `${path}: ${errorText(cause)}`, { cause });
  }
}
