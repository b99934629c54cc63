/**
 * The redirection as one document: the text of a ConfigMap, adjusted for the pod.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { ANNOTATIONS } from "core/kube/annotations.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { parseDocument } from "core/proxy/document.ts";
import { serialiseConfig } from "core/proxy/serialise.ts";
import { mergeSources } from "core/proxy/sources.ts";
import type { Cluster } from "./context.ts";
import { type EbpfOptions, ebpfOptions } from "./ebpf.ts";
import { dnsAnnotations, ebpfAnnotations } from "./flag_mode.ts";
import type { Inputs } from "./inputs.ts";
import type { PodOptions } from "./options.ts";
import type { Redirection } from "./redirection.ts";
import { adjustTraffic, annotationsOf } from "./traffic.ts";

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
  noteDns(config, inputs, options, found.name);
  adjustTraffic(config, inputs, options, { source: found.name, family });
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
      [ANNOTATIONS.transparentProxyingIpFamilyMode]: config.ipFamilyMode,
      ...annotationsOf(config),
      ...(config.redirect.dns.enabled ? dnsAnnotations(options) : {}),
      ...ebpfAnnotations(ebpf, true),
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

/** Only the document decides about DNS. */
function noteDns(
  config: TransparentProxyConfig,
  inputs: Inputs,
  options: PodOptions,
  source: string,
) {
  const { enabled } = config.redirect.dns;
  inputs.note("DNS", enabled, source);
  if (enabled === options.dns.enabled) return;
  inputs.warnings.push(
    `the ConfigMap's redirect.dns.enabled (${enabled}) decides, not ${ANNOTATIONS.builtinDns}`,
  );
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

function unusable(message: string): KumaError {
  return new KumaError("KUMA-WH-008", message);
}
