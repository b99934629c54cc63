/**
 * The redirection as one document: the text of a ConfigMap, adjusted for the pod.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { ANNOTATIONS } from "core/kube/annotations.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { parseDocument } from "core/proxy/document.ts";
import { parsePorts } from "core/grammar/ports.ts";
import { serialiseConfig } from "core/proxy/serialise.ts";
import { mergeSources } from "core/proxy/sources.ts";
import type { Cluster } from "./context.ts";
import { type EbpfOptions, ebpfOptions } from "./ebpf.ts";
import { dnsAnnotations, ebpfAnnotations } from "./flag_mode.ts";
import { readList } from "core/grammar/go_text.ts";
import { asAnnotationError, type Inputs } from "./inputs.ts";
import type { PodOptions } from "./options.ts";
import type { Redirection } from "./redirection.ts";
import { addresses, excludedUids, familyAnnotation, packetSwitch } from "./traffic.ts";

const KEY = "config.yaml";

/** A document and the name that errors call it by. */
interface Found {
  readonly name: string;
  readonly text: string;
  /** It is in the system namespace. */
  readonly ofOperator: boolean;
}

/**
 * Resolves the redirection from the ConfigMap that the pod or the setting names. Throws `KUMA-WH-008`
 * where there is none to use, `KUMA-WH-002` for a wrong annotation.
 */
export async function configMapRedirection(
  inputs: Inputs,
  options: PodOptions,
  namespace: string,
  cluster: Cluster,
): Promise<Redirection> {
  const found = findDocument(inputs, namespace, cluster);
  const { config, family } = await read(found, inputs);
  adjust(config, inputs, options, { source: found.name, family });
  const ebpf = ebpfOptions(inputs, {
    enabled: config.ebpf.enabled,
    source: found.name,
    ofOperator: found.ofOperator,
  });
  adjustEbpf(config, ebpf);
  const text = serialiseConfig(config);
  return {
    args: ["--config", text],
    annotations: {
      ...written(config, options, ebpf),
      ...(inputs.settings.cniEnabled ? { [ANNOTATIONS.transparentProxyConfig]: text } : {}),
    },
    ipFamilyMode: config.ipFamilyMode,
    inboundPort: config.redirect.inbound.port,
    inboundEnabled: config.redirect.inbound.enabled,
    dnsEnabled: config.redirect.dns.enabled,
    ebpf,
  };
}

function findDocument(inputs: Inputs, namespace: string, cluster: Cluster): Found {
  const { systemNamespace, configMapName } = inputs.settings;
  const own = inputs.text(ANNOTATIONS.transparentProxyConfigMapName) ?? "";
  if (own !== "") {
    for (const place of [namespace, systemNamespace]) {
      const text = cluster.configMap(place, own)?.[KEY];
      if (text === undefined) continue;
      const source = `annotation ${ANNOTATIONS.transparentProxyConfigMapName}`;
      inputs.note("ConfigMap", `${place}/${own}`, source);
      return { name: `ConfigMap ${place}/${own}`, text, ofOperator: place === systemNamespace };
    }
    inputs.warnings.push(
      `ConfigMap ${JSON.stringify(own)} is not usable, ${configMapName} is used`,
    );
  }
  inputs.note("ConfigMap", `${systemNamespace}/${configMapName}`, inputs.origin("configMapName"));
  const where = `ConfigMap ${JSON.stringify(configMapName)} in namespace "${systemNamespace}"`;
  const data = cluster.configMap(systemNamespace, configMapName);
  if (data === undefined) throw unusable(`failed to retrieve ${where}: not found`);
  const text = data[KEY];
  if (text === undefined) throw unusable(`${where} is missing the required key "${KEY}"`);
  return { name: `ConfigMap ${systemNamespace}/${configMapName}`, text, ofOperator: true };
}

async function read(found: Found, inputs: Inputs) {
  try {
    const parsed = await parseDocument(found.text, found.name);
    inputs.warnings.push(...parsed.warnings);
    const family = parsed.patch.some((change) => change.setting.key === "ipFamilyMode");
    return { config: mergeSources({ name: found.name, parsed }, {}).config, family };
  } catch (thrown) {
    throw unusable(errorText(thrown));
  }
}

/** Lays the pod's own annotations and the settings over the document. */
function adjust(
  config: TransparentProxyConfig,
  inputs: Inputs,
  options: PodOptions,
  document: { readonly source: string; readonly family: boolean },
): void {
  const { settings } = inputs;
  const { inbound, outbound, dns } = config.redirect;
  config.kumaDPUser = String(settings.uid);
  config.cniMode = settings.cniEnabled;
  config.ipFamilyMode = inputs.prefer(
    "IP family mode",
    ANNOTATIONS.transparentProxyingIpFamilyMode,
    familyAnnotation(inputs),
    document.family ? config.ipFamilyMode : settings.ipFamilyMode || "dualstack",
    document.family ? document.source : inputs.origin("ipFamilyMode"),
  ) as TransparentProxyConfig["ipFamilyMode"];
  const { source } = document;
  config.dropInvalidPackets = packetSwitch(
    inputs,
    "dropInvalidPackets",
    config.dropInvalidPackets,
    source,
  );
  config.log.enabled = packetSwitch(inputs, "iptablesLogs", config.log.enabled, source);
  inputs.note("DNS", dns.enabled, source);
  if (dns.enabled !== options.dns.enabled) {
    inputs.warnings.push(
      `the ConfigMap's redirect.dns.enabled (${dns.enabled}) decides, not ${ANNOTATIONS.builtinDns}`,
    );
  }
  dns.port = options.dns.port;
  outbound.port = inputs.setting("outbound port", "redirectPortOutbound");
  outbound.excludePorts = portList(inputs, "excludeOutboundPorts", outbound.excludePorts, source);
  outbound.excludePortsForIPs = ipList(
    inputs,
    "excludeOutboundIps",
    outbound.excludePortsForIPs,
    source,
  );
  outbound.excludePortsForUIDs = excludedUids(inputs) ?? outbound.excludePortsForUIDs;
  const inboundPort = inputs.setting("inbound port", "redirectPortInbound");
  if (options.gateway) inbound.enabled = false;
  if (!inbound.enabled) return;
  inbound.port = inboundPort;
  inbound.excludePorts = portList(inputs, "excludeInboundPorts", inbound.excludePorts, source);
  inbound.excludePortsForIPs = ipList(
    inputs,
    "excludeInboundIps",
    inbound.excludePortsForIPs,
    source,
  );
  const { proxyPort } = options.probes;
  if (proxyPort !== 0) inbound.excludePorts.push(proxyPort);
}

/** The pod's list, which an empty annotation empties; else the document's; else the configured one. */
function portList(
  inputs: Inputs,
  name: "excludeInboundPorts" | "excludeOutboundPorts",
  document: readonly number[],
  source: string,
): number[] {
  const annotation = ANNOTATIONS[name];
  const text = inputs.text(annotation);
  const own = text === undefined
    ? undefined
    : asAnnotationError(annotation, () => parsePorts(text));
  const documented = document.length > 0;
  return [...inputs.prefer(
    annotation,
    annotation,
    own,
    documented ? document : inputs.settings[name].map(Number),
    documented ? source : inputs.origin(name),
  )];
}

function ipList(
  inputs: Inputs,
  name: "excludeInboundIps" | "excludeOutboundIps",
  document: readonly string[],
  source: string,
): string[] {
  const annotation = ANNOTATIONS[name];
  const text = inputs.text(annotation);
  if (text !== undefined) asAnnotationError(annotation, () => addresses(text));
  const documented = document.length > 0;
  return [...inputs.prefer(
    annotation,
    annotation,
    text === undefined ? undefined : readList(text),
    documented ? document : inputs.settings[name],
    documented ? source : inputs.origin(name),
  )];
}

function adjustEbpf(config: TransparentProxyConfig, ebpf: EbpfOptions | undefined): void {
  config.ebpf.enabled = ebpf !== undefined;
  if (ebpf === undefined) return;
  config.ebpf.bpffsPath = ebpf.bpffsPath;
  config.ebpf.cgroupPath = ebpf.cgroupPath;
  config.ebpf.tcAttachIface = ebpf.tcAttachIface;
  config.ebpf.programsSourcePath = ebpf.programsSourcePath;
  config.ebpf.instanceIPEnvVarName = ebpf.instanceIpVariable;
}

function written(
  config: TransparentProxyConfig,
  options: PodOptions,
  ebpf: EbpfOptions | undefined,
): Record<string, string> {
  const { inbound, outbound, dns } = config.redirect;
  const lists: [string, readonly (string | number)[]][] = [
    [ANNOTATIONS.excludeInboundPorts, inbound.excludePorts],
    [ANNOTATIONS.excludeOutboundPorts, outbound.excludePorts],
    [ANNOTATIONS.excludeInboundIps, inbound.excludePortsForIPs],
    [ANNOTATIONS.excludeOutboundIps, outbound.excludePortsForIPs],
  ];
  return {
    [ANNOTATIONS.transparentProxyingIpFamilyMode]: config.ipFamilyMode,
    ...Object.fromEntries(
      lists.filter(([, list]) => list.length > 0).map(([name, list]) => [name, list.join(",")]),
    ),
    ...(dns.enabled ? dnsAnnotations(options) : {}),
    ...(config.dropInvalidPackets ? { [ANNOTATIONS.dropInvalidPackets]: "true" } : {}),
    ...(config.log.enabled ? { [ANNOTATIONS.iptablesLogs]: "true" } : {}),
    ...ebpfAnnotations(ebpf, true),
  };
}

function unusable(message: string): KumaError {
  return new KumaError("KUMA-WH-008", message);
}
