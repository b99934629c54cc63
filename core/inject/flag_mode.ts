/**
 * The redirection as flags and single annotations: what Kuma does unless a ConfigMap is named.
 *
 * @module
 */
import { ANNOTATIONS } from "core/kube/annotations.ts";
import { defaultConfig } from "core/proxy/config.ts";
import { type EbpfOptions, ebpfOptions } from "./ebpf.ts";
import { initArgs } from "./init_args.ts";
import type { Inputs } from "./inputs.ts";
import type { PodOptions } from "./options.ts";
import type { Redirection } from "./redirection.ts";
import { adjustTraffic, warnAlwaysOn } from "./traffic.ts";

/** Resolves the redirection of one pod from its annotations and the settings. */
export function flagRedirection(inputs: Inputs, options: PodOptions): Redirection {
  const config = defaultConfig();
  const { dns, inbound } = config.redirect;
  dns.enabled = dns.captureAll = options.dns.enabled;
  warnAlwaysOn(inputs);
  const lists = adjustTraffic(config, inputs, options);
  const ebpf = ebpfOptions(inputs);
  return {
    args: initArgs(config, ebpf),
    annotations: {
      [ANNOTATIONS.transparentProxyingIpFamilyMode]: config.ipFamilyMode,
      ...ebpfAnnotations(ebpf, false),
      ...lists,
      ...(dns.enabled ? dnsAnnotations(options) : {}),
    },
    ipFamilyMode: config.ipFamilyMode,
    inboundPort: inbound.port,
    inboundEnabled: inbound.enabled,
    dnsEnabled: dns.enabled,
    ebpf,
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
