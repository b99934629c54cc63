/**
 * The command line of kuma-init: flags of `kumactl install transparent-proxy`, what equals a default is
 * left out.
 *
 * @module
 */
import { POD_ENV } from "core/kube/annotations.ts";
import { TRAFFIC_ANNOTATIONS, type TrafficAnnotation } from "core/proxy/annotations.ts";
import { DEFAULT_KUMA_DP_UID, type TransparentProxyConfig } from "core/proxy/config.ts";
import { defaultOf, settingOf, valueOf } from "core/proxy/options.ts";
import type { EbpfOptions } from "./ebpf.ts";

/** The flags, in Kuma's order: that of the table of annotations, with the switches about packets last. */
export function initArgs(
  config: TransparentProxyConfig,
  ebpf: EbpfOptions | undefined,
): string[] {
  const isLast = ({ kind }: TrafficAnnotation) => kind === "packet switch";
  return [
    ...flagsOf(config, TRAFFIC_ANNOTATIONS.filter((row) => !isLast(row))),
    ...ebpf === undefined ? [] : ebpfArgs(ebpf),
    ...flagsOf(config, TRAFFIC_ANNOTATIONS.filter(isLast)),
    "--verbose",
  ];
}

/** Flags of what these annotations set, each once. */
function flagsOf(config: TransparentProxyConfig, rows: readonly TrafficAnnotation[]): string[] {
  // Of several settings the last one's flag stands for the others.
  const rowOf = new Map(rows.map((row) => [row.sets.at(-1) ?? "", row]));
  return [...rowOf].filter(([key]) => counts(config, key)).flatMap(([key, { kind }]) => {
    const setting = settingOf(key);
    const value = valueOf(config, setting);
    // Port 0 says nothing: the program's own default holds.
    if (value === 0 || value === "" || String(value) === String(defaultOf(setting))) return [];
    if (key === "kumaDPUser" && value === String(DEFAULT_KUMA_DP_UID)) return [];
    const flag = `--${setting.flag}`;
    if (value === true) return [flag];
    // UIDs have commas of their own, so each item has a flag.
    if (kind.endsWith("uids")) return (value as string[]).map((item) => `${flag}=${item}`);
    return [`${flag}=${Array.isArray(value) ? value.join(",") : value}`];
  });
}

/** Whether anything goes by a setting: nothing of a direction that is not redirected does. */
function counts({ redirect }: TransparentProxyConfig, key: string): boolean {
  if (key.startsWith("redirect.dns.")) return redirect.dns.enabled;
  return key === "redirect.inbound.enabled" || !key.startsWith("redirect.inbound.") ||
    redirect.inbound.enabled;
}

function ebpfArgs(ebpf: EbpfOptions): string[] {
  const args = ["--ebpf-enabled"];
  const flag = (name: string, value: string) => {
    if (value !== "") args.push(`--ebpf-${name}=${value}`);
  };
  flag("bpffs-path", ebpf.bpffsPath);
  flag("cgroup-path", ebpf.cgroupPath);
  flag("tc-attach-iface", ebpf.tcAttachIface);
  flag("programs-source-path", ebpf.programsSourcePath);
  // The program looks at INSTANCE_IP by itself; another variable must be handed over.
  if (ebpf.instanceIpAnnotated || ebpf.instanceIpVariable !== POD_ENV.instanceIp) {
    flag("instance-ip", `$(${ebpf.instanceIpVariable})`);
  }
  return args;
}
