/**
 * Whose packet it is: the settings that its rules are made from, with the source of each, and whether the rules that
 * are there are looked at.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";
import { currentPrivileges } from "core/host/privileges.ts";
import { readRecords } from "core/host/transparent_proxy/record.ts";
import type { Logger } from "core/log/logger.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { UsageError } from "core/program/usage_error.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { loadConfiguration } from "../configuration.ts";
import { enterNamedNetns, inNetns, netnsPath } from "../netns_flag.ts";
import { givesSettings } from "../status_look.ts";

/** Whose packet it is. */
export interface PacketSubject {
  /** Where the settings come from, in words. */
  readonly from: string;
  readonly document: TransparentProxyConfig;
  /** By key, what is no default. */
  readonly provenance: ReadonlyMap<string, string>;
  /** Whether anybody has said what the settings are; if not, those of `document` are defaults. */
  readonly known: boolean;
  /** Why nothing intercepts it, whatever the settings are. */
  readonly untouched?: string;
  /** Whether it is a pod's: then its users are not those of this host. */
  readonly pod?: boolean;
  /** UID of kuma-dp as an installation found it. */
  readonly uid?: number;
  /** Where the rules are looked at: `/run/netns/x`, or `this host`; undefined where they are not. */
  readonly place: string | undefined;
}

/** A pod's settings. */
export type PodSettings = Pick<
  PacketSubject,
  "from" | "document" | "provenance" | "untouched"
>;

/**
 * Finds out; enters the network namespace that is named.
 *
 * @throws {UsageError} for flags that contradict each other; as reading files, clusters and records does.
 */
export async function packetSubject(
  parsed: ParsedCommand,
  io: Io,
  logger: Logger,
): Promise<PacketSubject> {
  const loaded = await loadConfiguration(parsed.flags, io);
  for (const warning of loaded.warnings) logger.warn(warning);
  const given = givesSettings(parsed.flags);
  const netns = parsed.text("netns");
  // Files and clusters are asked before this process moves to where they cannot be reached.
  const pod = await podSettings(parsed, io, { given, logger });
  const path = netns === undefined ? undefined : netnsPath(netns);
  const there = pod === undefined ? inNetns(loaded, path, (text) => logger.warn(text)) : loaded;
  if (path !== undefined) enterNamedNetns(path);
  const place = path ?? (given || pod !== undefined ? undefined : "this host");
  if (pod !== undefined) return { ...pod, pod: true, known: true, place };
  const { config: document, provenance } = there;
  if (given) return { from: "the settings given here", document, provenance, known: true, place };
  const defaults = { document, provenance, known: provenance.size > 0 };
  if (path === undefined && !currentPrivileges().has("CAP_NET_ADMIN")) {
    logger.warn("not root: what is installed cannot be seen");
    return { ...defaults, from: "the default settings", place: undefined };
  }
  const { installed, intended } = readRecords();
  // Rules of an installation that was killed are the ones that may be there.
  const record = intended ?? installed;
  if (record === undefined) {
    return { ...defaults, from: "the default settings, since nothing is noted here", place };
  }
  return {
    from: `what kumactl ${record.version} installed at ${record.at}`,
    document: record.document,
    provenance: new Map(Object.entries(record.sources)),
    known: true,
    uid: record.uid,
    place,
  };
}

async function podSettings(
  parsed: ParsedCommand,
  io: Io,
  { given, logger }: { readonly given: boolean; readonly logger: Logger },
): Promise<PodSettings | undefined> {
  const file = parsed.text("file"), pod = parsed.text("pod");
  if (file === undefined && pod === undefined) return undefined;
  if (file !== undefined && pod !== undefined) throw new UsageError("give -f or --pod, not both");
  if (given) throw new UsageError("a pod has its own settings: give it, or settings, not both");
  if (file !== undefined) {
    const { podOfFile } = await import("./pod_of_file.ts");
    return await podOfFile(file, io, logger);
  }
  const [, namespace, name] = /^([a-z0-9][a-z0-9.-]{0,252})\/([a-z0-9][a-z0-9.-]{0,252})$/
    .exec(pod ?? "") ?? [];
  if (namespace === undefined || name === undefined) {
    throw new KumaError(
      "KUMA-TP-040",
      `--pod: '${shown(pod ?? "")}' is no NAMESPACE/NAME of a pod`,
    );
  }
  const { podOfCluster } = await import("./pod_of_cluster.ts");
  return await podOfCluster({ namespace, name }, parsed, { io, logger });
}
