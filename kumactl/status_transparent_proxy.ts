import type { Persistence } from "core/host/boot_unit.ts";
import type { InstallRecord } from "core/host/transparent_proxy/record.ts";
import type { HostStatus } from "core/host/transparent_proxy/status.ts";
import type { ParsedCommand } from "core/program/command.ts";
import { errorLines } from "core/program/error_lines.ts";
import type { Io } from "core/program/io.ts";
import { type Document, FORMATS, printDocument } from "core/program/output.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { loadConfiguration } from "./configuration.ts";
import { LineLogger } from "./line_logger.ts";
import { enterNamedNetns, inNetns, netnsPath } from "./netns_flag.ts";
import { givesSettings, lookForStatus, type Told } from "./status_look.ts";
import { describeConfig, describeRules, describeStatus } from "./status_text.ts";

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
  /** What makes the installation outlive a restart; absent where nothing does. */
  readonly persistence?: Persistence | undefined;
  /** Sources of the settings that are no defaults, by key. */
  readonly sources: Readonly<Record<string, string>>;
}

/** `wide` adds each rule with what it has matched. */
const CHOICES = [...FORMATS, "wide"] as const;

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
  const format = parsed.choice("output", CHOICES);
  const netns = parsed.text("netns");
  const logger = new LineLogger(io, true);
  const loaded = await loadConfiguration(parsed.flags, io);
  for (const warning of loaded.warnings) logger.warn(warning);
  const path = netns === undefined ? undefined : netnsPath(netns);
  try {
    const wanted = inNetns(loaded, path, (text) => logger.warn(text));
    if (path !== undefined) enterNamedNetns(path);
    const told = await lookForStatus(wanted, {
      given: givesSettings(parsed.flags),
      elsewhere: path !== undefined,
      logger,
    });
    await tell(told, { format, settings: parsed.on("show-config") }, io);
    return CODES[told.status.state];
  } catch (thrown) {
    // Neither there nor absent: scripts must not take the one for the other.
    io.err(errorLines(thrown, io));
    return UNKNOWN;
  }
}

async function tell(
  told: Told,
  { format, settings }: { format: typeof CHOICES[number]; settings: boolean },
  io: Io,
): Promise<void> {
  if (format === "text" || format === "wide") {
    io.out(describeStatus(told));
    if (format === "wide") io.out(describeRules(told));
    if (settings) io.out(describeConfig(told));
    return;
  }
  const { compared: comparedWith, ...rest } = told;
  const schema = "kuma.io/kumactl-status-transparent-proxy/v1";
  const document: StatusDocument = { schema, comparedWith, ...rest };
  await printDocument(io, format, document);
}
