/**
 * What is in place in the network namespace that the main thread is in, compared with what was wanted: the one look
 * of `kumactl status` and `kumactl check`.
 *
 * @module
 */
import type { BpfHere } from "core/host/bpf/here.ts";
import {
  type HostStatus,
  type InstallRecord,
  readRecord,
  statusOfTransparentProxy,
} from "core/host/transparent_proxy/mod.ts";
import type { Logger } from "core/log/logger.ts";
import type { GivenFlag } from "core/program/command.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { settingOfFlag } from "core/proxy/sources.ts";
import type { LoadedConfiguration } from "./configuration.ts";

/** What was found and what it was compared with. */
export interface Told {
  readonly status: HostStatus;
  readonly record: InstallRecord | undefined;
  readonly document: TransparentProxyConfig;
  readonly sources: Readonly<Record<string, string>>;
  readonly compared: "flags" | "record";
}

/** How to look. */
export interface LookOptions {
  /** Whether any setting was given with the command: then it counts, and not what was installed. */
  readonly given: boolean;
  /** Whether the namespace is not that of this host's files. */
  readonly elsewhere: boolean;
  readonly logger: Logger;
}

/** Whether a command line has any setting. */
export function givesSettings(flags: readonly GivenFlag[]): boolean {
  return flags.some(({ flag }) => flag.startsWith("config") || settingOfFlag(flag) !== undefined);
}

/**
 * Looks. Changes nothing.
 *
 * @param wanted the settings of the command line
 * @throws {KumaError} what there is cannot be looked at.
 */
export async function lookForStatus(
  wanted: LoadedConfiguration,
  { given, elsewhere, logger }: LookOptions,
): Promise<Told> {
  const record = readRecord();
  const recorded = given ? undefined : record;
  const document = recorded?.document ?? wanted.config;
  const sources = recorded?.sources ?? Object.fromEntries(wanted.provenance);
  // The users of another namespace's files are not this host's: a number is taken as it is, as in kuma-cni.
  const uid = recorded === undefined ? document.kumaDPUser : String(recorded.uid);
  const compared = elsewhere ? { ...document, kumaDPUser: uid, cniMode: true } : document;
  const bpf = await ebpfHere(document);
  return {
    status: withEbpf(await statusOfTransparentProxy(compared, { logger }), bpf),
    record,
    document,
    sources,
    compared: recorded === undefined ? "flags" : "record",
  };
}

/** Where `kumactl install` and the DaemonSet of the loader keep their programs, unless they are told otherwise. */
const BPF_FOLDERS = ["/run/kuma/bpf", "/sys/fs/bpf"];

/** Whether this namespace is redirected by eBPF. Throws as `bpfHere` does. */
export async function ebpfHere({ ebpf }: TransparentProxyConfig): Promise<BpfHere | undefined> {
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
