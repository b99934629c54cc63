/**
 * `kuma-ebpf-loader pod add` and `pod remove`.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { unsupported } from "core/bpf/entries.ts";
import { maskOf, maskWords } from "core/bpf/words.ts";
import { shown } from "core/grammar/echo.ts";
import { embeddedObjects } from "core/host/bpf/embedded.ts";
import { alone } from "core/host/bpf/lock.ts";
import { netnsCookieOf } from "core/host/bpf/netns_view.ts";
import type { Pins } from "core/host/bpf/pins.ts";
import { forgetPod, keepPod, podOwners, readRequest } from "core/host/bpf/pods.ts";
import { Records } from "core/host/bpf/records.ts";
import { dnsServersOf } from "core/host/transparent_proxy/facts.ts";
import { silentLogger } from "core/log/logger.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { type Document, FORMATS, printDocument } from "core/program/output.ts";
import { UsageError } from "core/program/usage_error.ts";
import { defaultConfig, type TransparentProxyConfig } from "core/proxy/config.ts";
import { MAX_DOCUMENT, parseDocument } from "core/proxy/document.ts";
import { resolveConfig, sidecarUid } from "core/proxy/resolve.ts";
import { FAMILIES } from "core/proxy/resolved.ts";
import { existingPins, pathFlag } from "./place.ts";

/** What `pod add -o json` prints. */
export interface PodAddDocument extends Document {
  readonly schema: "kuma.io/kuma-ebpf-loader-pod-add/v1";
  /** How logs, metrics and status call it. */
  readonly name: string;
  /** Cookie of its network namespace, decimal: it may be too large for a number. */
  readonly netns: string;
}

/** What `pod remove -o json` prints. */
export interface PodRemoveDocument extends Document {
  readonly schema: "kuma.io/kuma-ebpf-loader-pod-remove/v1";
  /** As it was named on the command line. */
  readonly name: string;
  /** Whether it was redirected until then. */
  readonly changed: boolean;
}

/** Puts a pod's configuration in force. */
export async function podAddCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const format = parsed.choice("output", FORMATS);
  const pins = existingPins(parsed);
  const netns = pathFlag(parsed, "netns");
  const document = await readConfig(parsed, io);
  const warn = (text: string) => io.err(`Warning: ${text}\n`);
  const uid = sidecarUid(document);
  const config = resolveConfig(document, uid, warn);
  for (const words of unsupported(config)) warn(`not by eBPF: ${words}`);
  const request = {
    name: nameOf(parsed) ?? netns,
    netns,
    config,
    sidecarUid: uid,
    dnsServers: FAMILIES.flatMap((family) => dnsServersOf(config, family, silentLogger)),
    eventMask: eventMask(parsed.text("events") ?? ""),
    accelerate: parsed.on("accelerate"),
  };
  const { pod } = embeddedObjects();
  const cookie = await alone(pins, () => keepPod({ pins, pod }, request));
  if (format === "text") {
    io.out(`${request.name} is redirected (namespace cookie ${cookie}).\n`);
  } else {
    const schema = "kuma.io/kuma-ebpf-loader-pod-add/v1";
    const added: PodAddDocument = { schema, name: request.name, netns: String(cookie) };
    await printDocument(io, format, added);
  }
  return 0;
}

/** Takes a pod away. */
export async function podRemoveCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const format = parsed.choice("output", FORMATS);
  const pins = existingPins(parsed);
  const netns = parsed.text("netns"), name = nameOf(parsed);
  if ((netns === undefined) === (name === undefined)) {
    throw new UsageError("give either --netns or --name", {}, "KUMA-BPF-026");
  }
  const removed = await alone(pins, () => {
    const cookies = name === undefined
      ? [netnsCookieOf(pathFlag(parsed, "netns"))]
      : cookiesOf(pins, name);
    return cookies.filter((cookie) => forgetPod(pins, cookie)).length;
  });
  const what = name ?? netns ?? "";
  if (format !== "text") {
    const schema = "kuma.io/kuma-ebpf-loader-pod-remove/v1";
    const document: PodRemoveDocument = { schema, name: what, changed: removed > 0 };
    await printDocument(io, format, document);
  } else if (removed > 0) io.out(`${what} is left alone.\n`);
  else io.out(`${what} was not redirected, nothing was changed.\n`);
  return 0;
}

function cookiesOf(pins: Pins, name: string): bigint[] {
  using records = Records.pinned(pins);
  if (records === undefined) return [];
  return podOwners(records).filter((cookie) => readRequest(records, cookie)?.name === name);
}

function nameOf(parsed: ParsedCommand): string | undefined {
  const name = parsed.text("name");
  // It becomes a label of metrics and a field of logs.
  if (name === undefined || /^[\w.:/@-]{1,320}$/.test(name)) return name;
  throw new UsageError(
    `--name: '${shown(name)}' is no name of a pod, such as namespace/name`,
    {},
    "KUMA-BPF-026",
  );
}

function eventMask(text: string): number {
  const words = text.split(",").map((word) => word.trim()).filter((word) => word !== "");
  const mask = maskOf(words);
  if (mask !== undefined) return mask;
  throw new UsageError(`--events: '${shown(text)}' has a word that is no verdict`, {
    hint: `all, or some of ${maskWords(maskOf(["all"]) ?? 0).join(", ")}`,
  }, "KUMA-BPF-026");
}

async function readConfig(parsed: ParsedCommand, io: Io): Promise<TransparentProxyConfig> {
  const file = parsed.text("config-file"), inline = parsed.text("config");
  if (file === undefined && inline === undefined) return defaultConfig();
  const name = file === undefined ? "--config" : file === "-" ? "standard input" : file;
  let text = inline ?? "";
  if (file !== undefined) {
    try {
      // UTF-8 has at most three bytes for each UTF-16 unit that the document's limit counts.
      text = new TextDecoder("utf-8", { fatal: true })
        .decode(await io.read(file, MAX_DOCUMENT * 3));
    } catch (cause) {
      const why = cause instanceof TypeError ? "it is not UTF-8 text" : errorText(cause);
      throw new KumaError("KUMA-BPF-026", `cannot read ${shown(name, 200)}: ${why}`, { cause });
    }
  }
  const { mergeSources } = await import("core/proxy/sources.ts");
  const document = { name, parsed: await parseDocument(text, name) };
  for (const warning of document.parsed.warnings) io.err(`Warning: ${warning}\n`);
  return mergeSources(document, {}).config;
}
