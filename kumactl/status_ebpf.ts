/**
 * The eBPF programs' part of a status.
 *
 * @module
 */
import { holdsOurs } from "core/host/bpf/bpffs.ts";
import type { BpfHere } from "core/host/bpf/here.ts";
import { listenersFit } from "core/host/transparent_proxy/listeners_fit.ts";
import type { HostStatus, StatusOptions } from "core/host/transparent_proxy/status.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { Intercepted } from "core/rules/counted.ts";

/** Where `kumactl install` and the DaemonSet of the loader keep their programs, unless they are told otherwise. */
const BPF_FOLDERS = ["/run/kuma/bpf", "/sys/fs/bpf"];

/** Whether this namespace is redirected by eBPF. Throws as `bpfHere` does. */
export async function ebpfHere({ ebpf }: TransparentProxyConfig): Promise<BpfHere | undefined> {
  const folders = [...new Set([ebpf.bpffsPath, ...BPF_FOLDERS])].filter(holdsOurs);
  // Most hosts have none: then nothing is loaded that reads them.
  if (folders.length === 0) return undefined;
  const { bpfHere } = await import("core/host/bpf/here.ts");
  return bpfHere(folders);
}

/**
 * Adds what the programs do in this namespace, where they are in force. With them, rules of a firewall are too many:
 * connections would be redirected twice.
 *
 * @param options `given`: whether `document` is what somebody asked for, and no mere defaults
 * @throws {KumaError} `KUMA-BPF-…` where there are programs, and the kernel does not tell about them.
 */
export async function withEbpf(
  status: HostStatus,
  document: TransparentProxyConfig,
  options: StatusOptions & { readonly given: boolean },
): Promise<HostStatus> {
  const bpf = await ebpfHere(document);
  if (bpf === undefined) return missing(status, options);
  const counts = interceptedBy(bpf);
  const { plannedWords } = await import("core/host/bpf/planned.ts");
  const { words, uid } = plannedWords(document, options);
  // Of a pod that others set up nobody knows here what was wanted.
  const comparable = options.given || options.record !== undefined;
  const wanted = comparable ? words.filter(isSetting) : [];
  const found = comparable ? bpf.configuration.filter(isSetting) : [];
  const listening = listenersFit(document, uid, counts);
  const differences = [
    ...bpf.problems,
    ...wanted.filter((line) => !found.includes(line)).map((line) => `eBPF: not in force: ${line}`),
    ...found.filter((line) => !wanted.includes(line)).map((line) => `eBPF: not wanted: ${line}`),
    ...status.state === "absent" ? [] : ["rules of a firewall redirect, too"],
  ];
  // Both looks see who listens.
  const misfits = [...new Set([...status.misfits, ...listening.misfits])];
  return {
    ...status,
    state: differences.length + misfits.length === 0 ? "in place" : "drifted",
    backends: ["eBPF", ...status.backends],
    differences,
    misfits,
    notes: [...new Set([...status.notes, ...listening.notes])],
    listeners: listening.listeners,
    intercepted: counts,
  };
}

/** The programs live in /run: what a restart, or somebody else, took away, must not be taken for rules. */
function missing(status: HostStatus, { record }: StatusOptions): HostStatus {
  if (record?.backend !== "eBPF" || status.state === "absent") return status;
  const line = "eBPF was installed, and nothing of it is in force here";
  return { ...status, state: "drifted", differences: [line, ...status.differences] };
}

/** Lines of settings: what the programs were told about the namespace is among their problems where it has changed. */
function isSetting(line: string): boolean {
  return !/^(own addresses|events|sockets of)/.test(line);
}

function interceptedBy({ counters }: BpfHere): Intercepted {
  const sum = (...names: string[]): number =>
    names.reduce((all, name) => all + Number(counters.get(name) ?? 0n), 0);
  return {
    outbound: sum("outbound"),
    inbound: sum("inbound", "inbound-local"),
    dns: sum("dns"),
  };
}
