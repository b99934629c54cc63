/**
 * The command line of kuma-init: flags of `kumactl install transparent-proxy`, what equals a default is
 * left out.
 *
 * @module
 */
import { POD_ENV } from "core/kube/annotations.ts";
import { DEFAULT_KUMA_DP_UID, DEFAULT_PORTS } from "core/proxy/config.ts";
import type { Settings } from "./settings/table.ts";
import type { EbpfOptions } from "./ebpf.ts";
import { readList } from "core/grammar/go_text.ts";
import type { PodOptions } from "./options.ts";
import type { TrafficOptions } from "./traffic.ts";

/** The flags, in Kuma's order. */
export function initArgs(
  options: PodOptions,
  traffic: TrafficOptions,
  settings: Settings,
): string[] {
  const args: string[] = [];
  const flag = (name: string, value: string | undefined, absent = "") => {
    if (value !== undefined && value !== "" && value !== absent) args.push(`--${name}=${value}`);
  };
  // Port 0 says nothing: the program's own default holds.
  const port = (name: string, value: number, absent: number) => {
    if (value !== 0 && value !== absent) args.push(`--${name}=${value}`);
  };
  flag("kuma-dp-user", String(settings.uid), String(DEFAULT_KUMA_DP_UID));
  flag("ip-family-mode", traffic.ipFamilyMode, "dualstack");
  port("redirect-outbound-port", traffic.outboundPort, DEFAULT_PORTS.outbound);
  flag("exclude-outbound-ports", cleaned(traffic.excludeOutboundPorts));
  flag("exclude-outbound-ips", cleaned(traffic.excludeOutboundIps));
  for (const item of traffic.excludeUids) flag("exclude-outbound-ports-for-uids", item);
  if (options.gateway) args.push("--redirect-inbound=false");
  else {
    port("redirect-inbound-port", traffic.inboundPort, DEFAULT_PORTS.inbound);
    flag("exclude-inbound-ports", inboundPorts(traffic, options));
    flag("exclude-inbound-ips", cleaned(traffic.excludeInboundIps));
  }
  if (options.dns.enabled) {
    args.push("--redirect-all-dns-traffic");
    port("redirect-dns-port", options.dns.port, DEFAULT_PORTS.dns);
  }
  if (traffic.ebpf !== undefined) args.push(...ebpfArgs(traffic.ebpf));
  if (traffic.dropInvalidPackets) args.push("--drop-invalid-packets");
  if (traffic.iptablesLogs) args.push("--iptables-logs");
  return [...args, "--verbose"];
}

/** The kubelet must reach the probe proxy directly. */
function inboundPorts(traffic: TrafficOptions, { probes }: PodOptions): string {
  const excluded = readList(traffic.excludeInboundPorts ?? "");
  return [...excluded, ...probes.proxyPort === 0 ? [] : [probes.proxyPort]].join(",");
}

function cleaned(list: string | undefined): string | undefined {
  return list === undefined ? undefined : readList(list).join(",");
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
