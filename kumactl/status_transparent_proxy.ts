import type { BpfHere } from "core/host/bpf/here.ts";
import { enterNetns } from "core/host/netns.ts";
import {
  type HostStatus,
  type InstallRecord,
  readRecord,
  statusOfTransparentProxy,
} from "core/host/transparent_proxy/mod.ts";
import type { ParsedCommand } from "core/program/command.ts";
import { errorLines } from "core/program/error_lines.ts";
import type { Io } from "core/program/io.ts";
import { type Document, FORMATS, printDocument } from "core/program/output.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { settingOfFlag } from "core/proxy/sources.ts";
import { loadConfiguration, type LoadedConfiguration } from "./configuration.ts";
import { LineLogger } from "./line_logger.ts";
import { netnsPath } from "./netns_flag.ts";
import { describeConfig, describeStatus } from "./status_text.ts";

/** What `--output json` prints. */
export interface StatusDocument extends Document {
  readonly schema: "kuma.io/kumactl-status-transparent-proxy/v1";
  /** `record`: with what was installed; `flags`: with the settings that were given, or defaults. */
  readonly comparedWith: "flags" | "record";
  readonly status: HostStatus;
  /** What was noted at the installation; absent where nothing was. */
  readonly record: InstallRecord | undefined;
  /** The settings that it was compared with. */
  readonly document: TransparentProxyConfig;
  /** Sources of the settings that are no defaults, by key. */
  readonly sources: Readonly<Record<string, string>>;
}

/** Exit codes by state. */
const CODES = { "in place": 0, drifted: 1, absent: 2 } as const;
/** What there is could not be looked at. */
const UNKNOWN = 3;

/**
 * `kumactl status transparent-proxy`: whether the redirection is in place and as it was wanted. It compares with
 * what was installed, or with the settings that are given here. Changes nothing.
 */
export async function statusTransparentProxyCommand(
  parsed: ParsedCommand,
  io: Io,
): Promise<number> {
  const format = parsed.choice("output", FORMATS);
  const netns = parsed.text("netns");
  const logger = new LineLogger(io, true);
  const wanted = await loadConfiguration(parsed.flags, io);
  for (const warning of wanted.warnings) logger.warn(warning);
  const given = parsed.flags.some(({ flag }) =>
    flag.startsWith("config") || settingOfFlag(flag) !== undefined
  );
  const path = netns === undefined ? undefined : netnsPath(netns);
  try {
    if (path !== undefined) enterNetns(path);
    return await look(parsed, { io, format, wanted, given, logger });
  } catch (thrown) {
    // Neither there nor absent: scripts must not take the one for the other.
    io.err(errorLines(thrown, io));
    return UNKNOWN;
  }
}

interface Question {
  readonly io: Io;
  readonly format: typeof FORMATS[number];
  readonly wanted: LoadedConfiguration;
  /** Whether any setting was given with the command. */
  readonly given: boolean;
  readonly logger: LineLogger;
}

async function look(parsed: ParsedCommand, question: Question): Promise<number> {
  const { io, format, wanted, given, logger } = question;
  const record = readRecord();
  const document = given || record === undefined ? wanted.config : record.document;
  const sources = given || record === undefined
    ? Object.fromEntries(wanted.provenance)
    : record.sources;
  // The users of another namespace's files are not this host's: a number is taken as it is, as in kuma-cni.
  const elsewhere = parsed.text("netns") !== undefined;
  const uid = given || record === undefined ? document.kumaDPUser : String(record.uid);
  const compared = elsewhere ? { ...document, kumaDPUser: uid, cniMode: true } : document;
  const bpf = await ebpfHere(document);
  const status = withEbpf(await statusOfTransparentProxy(compared, { logger }), bpf);
  const told: Told = {
    status,
    record,
    document,
    sources,
    compared: given || record === undefined ? "flags" : "record",
  };
  if (format !== "text") {
    const { compared: comparedWith, ...rest } = told;
    const schema = "kuma.io/kumactl-status-transparent-proxy/v1";
    const document: StatusDocument = { schema, comparedWith, ...rest };
    await printDocument(io, format, document);
  } else {
    io.out(describeStatus(told));
    if (parsed.on("show-config")) io.out(describeConfig(told));
  }
  return CODES[status.state];
}

/** Where `kumactl install` and the DaemonSet of the loader keep their programs, unless they are told otherwise. */
const BPF_FOLDERS = ["/run/kuma/bpf", "/sys/fs/bpf"];

async function ebpfHere({ ebpf }: TransparentProxyConfig): Promise<BpfHere | undefined> {
  const { bpfHere } = await import("core/host/bpf/here.ts");
  return bpfHere([ebpf.bpffsPath, ...BPF_FOLDERS]);
}

/** With the programs, rules of a firewall are too many: connections would be redirected twice. */
function withEbpf(status: HostStatus, bpf: BpfHere | undefined): HostStatus {
  if (bpf === undefined) return status;
  const differences = [
    ...bpf.problems,
    ...status.state === "absent" ? [] : ["rules of a firewall redirect, too"],
  ];
  const state = differences.length === 0 ? "in place" : "drifted";
  return { ...status, state, backends: ["eBPF", ...status.backends], differences };
}

/** What was found and what it was compared with. */
export interface Told {
  readonly status: HostStatus;
  readonly record: InstallRecord | undefined;
  readonly document: TransparentProxyConfig;
  readonly sources: Readonly<Record<string, string>>;
  readonly compared: "flags" | "record";
}
