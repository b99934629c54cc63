/**
 * The configuration of one run of `install transparent-proxy`, from all of its sources.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { isIpv4, isIpv6 } from "core/grammar/address.ts";
import { prefixed, shown } from "core/grammar/echo.ts";
import { parseBool } from "core/grammar/switches.ts";
import {
  applyFlags,
  type FlagValue,
  impliedByCaptureAll,
  mergeSources,
  type Provenance,
} from "core/proxy/sources.ts";
import type { Io } from "core/program/io.ts";

/** A configuration, where its settings come from, and what a person should know about the document. */
export interface LoadedConfiguration {
  readonly config: TransparentProxyConfig;
  readonly provenance: Provenance;
  readonly warnings: readonly string[];
}

/** Value of a bool flag on the command line alone; false where it is not given. */
export function boolFlag(flags: readonly FlagValue[], name: string): boolean {
  const given = flags.findLast(({ flag }) => flag === name);
  if (given === undefined) return false;
  try {
    return parseBool(given.value);
  } catch (thrown) {
    throw prefixed(`invalid argument "${shown(given.value)}" for "--${name}" flag: `, thrown);
  }
}

/**
 * Loads the configuration: defaults < document < environment < flags.
 *
 * @throws KumaError in the order and words of Kuma 2.9: `--config -`, both DNS flags, the document and
 * the environment, the flags, the eBPF settings.
 */
export async function loadConfiguration(
  flags: readonly FlagValue[],
  io: Io,
): Promise<LoadedConfiguration> {
  const file = text(flags, "config-file");
  const inline = text(flags, "config");
  if (inline === "-" && file === "") {
    throw new KumaError("KUMA-TP-016", "'--config -' is not a document", {
      hint: "use '--config-file -' to read it from standard input",
    });
  }
  if (boolFlag(flags, "redirect-dns") && boolFlag(flags, "redirect-all-dns-traffic")) {
    throw new KumaError(
      "KUMA-TP-017",
      "only one of '--redirect-dns' or '--redirect-all-dns-traffic' should be specified",
    );
  }
  let loaded: Awaited<ReturnType<typeof loadDocument>>;
  let merged: ReturnType<typeof mergeSources>;
  try {
    loaded = await loadDocument(file, inline, io);
    merged = mergeSources(loaded, io.environment);
  } catch (thrown) {
    throw prefixed("failed to load configuration from provided input: ", thrown);
  }
  const { config, provenance } = applyFlags(merged, flags);
  const complete = impliedByCaptureAll(config);
  return { config: complete, provenance, warnings: loaded?.parsed.warnings ?? [] };
}

/**
 * Checks what the eBPF mode is told, as Kuma 2.9 does: its address names it in logs and metrics.
 *
 * @throws KumaError `KUMA-TP-023` without an instance IP, `KUMA-TP-005` for a bad one, or for a path that is not absolute.
 */
export function checkEbpf(config: TransparentProxyConfig): void {
  const { enabled, instanceIP, bpffsPath, cgroupPath } = config.ebpf;
  if (!enabled) return;
  if (instanceIP === "") {
    throw new KumaError("KUMA-TP-023", "eBPF needs the address of this host or pod", {
      hint: "give it with --ebpf-instance-ip",
    });
  }
  if (!isIpv4(instanceIP) && !isIpv6(instanceIP)) {
    throw new KumaError(
      "KUMA-TP-005",
      `--ebpf-instance-ip: invalid IP address: '${shown(instanceIP)}'`,
    );
  }
  for (const [flag, path] of [["bpffs", bpffsPath], ["cgroup", cgroupPath]] as const) {
    if (path.startsWith("/") && !path.includes("\0")) continue;
    throw new KumaError("KUMA-TP-005", `--ebpf-${flag}-path: '${shown(path)}' is no absolute path`);
  }
}

function text(flags: readonly FlagValue[], name: string): string {
  return flags.findLast(({ flag }) => flag === name)?.value ?? "";
}

async function loadDocument(file: string, inline: string, io: Io) {
  if (file === "" && inline === "") return undefined;
  // Most runs have none.
  const { MAX_DOCUMENT, parseDocument } = await import("core/proxy/document.ts");
  const name = file === "" ? "--config" : file === "-" ? "standard input" : file;
  // UTF-8 has at most three bytes for each UTF-16 unit that the document's limit counts.
  const document = file === ""
    ? inline
    : await readDocument(file, name, { io, limit: MAX_DOCUMENT * 3 });
  return { name, parsed: await parseDocument(document, name) };
}

async function readDocument(
  path: string,
  name: string,
  { io, limit }: { readonly io: Io; readonly limit: number },
): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await io.read(path, limit));
  } catch (cause) {
    const why = cause instanceof TypeError ? "it is not UTF-8 text" : errorText(cause);
    throw new KumaError(
      "KUMA-TP-016",
      `cannot read the config document ${shown(name, 200)}: ${why}`,
      {
        cause,
      },
    );
  }
}
