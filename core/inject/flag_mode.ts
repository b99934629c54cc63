/**
 * The redirection as flags and single annotations: what Kuma does unless a ConfigMap is named.
 *
 * @module
 */
import { ANNOTATIONS } from "core/kube/annotations.ts";
import type { EbpfOptions } from "./ebpf.ts";
import { initArgs } from "./init_args.ts";
import type { Inputs } from "./inputs.ts";
import type { PodOptions } from "./options.ts";
import type { Redirection } from "./redirection.ts";
import { trafficOptions } from "./traffic.ts";

/** Resolves the redirection of one pod from its annotations and the settings. */
export function flagRedirection(inputs: Inputs, options: PodOptions): Redirection {
  const traffic = trafficOptions(inputs, options.gateway);
  const annotations: Record<string, string> = {
    [ANNOTATIONS.transparentProxyingIpFamilyMode]: traffic.ipFamilyMode,
    ...ebpfAnnotations(traffic.ebpf, false),
  };
  const lists = [
    "excludeInboundPorts",
    "excludeOutboundPorts",
    "excludeInboundIps",
    "excludeOutboundIps",
  ] as const;
  for (const name of lists) {
    const value = traffic[name];
    if (value !== undefined) annotations[ANNOTATIONS[name]] = value;
  }
  if (options.dns.enabled) Object.assign(annotations, dnsAnnotations(options));
  return {
    args: initArgs(options, traffic, inputs.settings),
    annotations,
    ipFamilyMode: traffic.ipFamilyMode,
    inboundPort: traffic.inboundPort,
    inboundEnabled: !options.gateway,
    dnsEnabled: options.dns.enabled,
    ebpf: traffic.ebpf,
  };
}

/** The annotations about a DNS proxy that is on. */
export function dnsAnnotations(options: PodOptions): Record<string, string> {
  return {
    [ANNOTATIONS.builtinDns]: "enabled",
    [ANNOTATIONS.builtinDnsPort]: String(options.dns.port),
    [ANNOTATIONS.builtinDnsLogging]: String(options.dns.logging),
  };
}

/** The annotations about the eBPF mode, empty values only where `all` asks for them. */
export function ebpfAnnotations(
  ebpf: EbpfOptions | undefined,
  all: boolean,
): Record<string, string> {
  if (ebpf === undefined) return {};
  const variable = ebpf.instanceIpAnnotated || all ? ebpf.instanceIpVariable : "";
  const values: [string, string][] = [
    [ANNOTATIONS.transparentProxyingEbpf, "enabled"],
    [ANNOTATIONS.transparentProxyingEbpfBpfFsPath, ebpf.bpffsPath],
    [ANNOTATIONS.transparentProxyingEbpfCgroupPath, ebpf.cgroupPath],
    [ANNOTATIONS.transparentProxyingEbpfTcAttachIface, ebpf.tcAttachIface],
    [ANNOTATIONS.transparentProxyingEbpfProgramsSourcePath, ebpf.programsSourcePath],
    [ANNOTATIONS.transparentProxyingEbpfInstanceIpEnvVarName, variable],
  ];
  return Object.fromEntries(values.filter(([, value]) => all || value !== ""));
}
