/**
 * What of a pod's traffic is redirected, from annotations and settings (the mode without a ConfigMap).
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { ANNOTATIONS } from "core/kube/annotations.ts";
import { lenientSwitch, meaningless, parseUids } from "core/proxy/annotation_values.ts";
import { ipPrefix } from "core/grammar/address.ts";
import { parsePorts } from "core/grammar/ports.ts";
import { type EbpfOptions, ebpfOptions } from "./ebpf.ts";
import { readList, wrongValue } from "core/grammar/go_text.ts";
import { asAnnotationError, type Inputs } from "./inputs.ts";
import type { SettingName } from "./settings/table.ts";

/** The redirection of one pod. Lists of ports and addresses are comma lists, as annotations hold them. */
export interface TrafficOptions {
  readonly ipFamilyMode: string;
  readonly inboundPort: number;
  readonly outboundPort: number;
  /** `undefined` where neither pod nor setting says anything; the empty text overrides a setting. */
  readonly excludeInboundPorts: string | undefined;
  readonly excludeOutboundPorts: string | undefined;
  readonly excludeInboundIps: string | undefined;
  readonly excludeOutboundIps: string | undefined;
  /** `[[protocols:]ports:]uids` each. */
  readonly excludeUids: readonly string[];
  readonly dropInvalidPackets: boolean;
  readonly iptablesLogs: boolean;
  readonly ebpf: EbpfOptions | undefined;
}

/**
 * Resolves the redirection. Throws `KUMA-WH-002` for an annotation that could not work; of a gateway what
 * concerns inbound traffic is not looked at.
 */
export function trafficOptions(inputs: Inputs, gateway: boolean): TrafficOptions {
  warnOverwritten(inputs);
  return {
    ipFamilyMode: ipFamilyMode(inputs),
    inboundPort: inputs.setting("inbound port", "redirectPortInbound"),
    outboundPort: inputs.setting("outbound port", "redirectPortOutbound"),
    excludeInboundPorts: exclusion(inputs, "excludeInboundPorts", gateway ? anything : ports),
    excludeOutboundPorts: exclusion(inputs, "excludeOutboundPorts", ports),
    excludeInboundIps: exclusion(inputs, "excludeInboundIps", gateway ? anything : addresses),
    excludeOutboundIps: exclusion(inputs, "excludeOutboundIps", addresses),
    excludeUids: excludedUids(inputs) ?? [],
    dropInvalidPackets: lenientPacketSwitch(inputs, "dropInvalidPackets"),
    iptablesLogs: lenientPacketSwitch(inputs, "iptablesLogs"),
    ebpf: ebpfOptions(inputs),
  };
}

/** `dualstack` or `ipv4`: the two that a Dataplane can be made for. */
export function familyAnnotation(inputs: Inputs): string | undefined {
  const name = ANNOTATIONS.transparentProxyingIpFamilyMode;
  const text = inputs.text(name);
  if (text === undefined || text === "") return undefined;
  const mode = text.toLowerCase();
  if (mode !== "dualstack" && mode !== "ipv4") {
    throw wrongValue(name, text, "use dualstack or ipv4");
  }
  return mode;
}

function ipFamilyMode(inputs: Inputs): string {
  return inputs.prefer(
    "IP family mode",
    ANNOTATIONS.transparentProxyingIpFamilyMode,
    familyAnnotation(inputs),
    inputs.settings.ipFamilyMode || "dualstack",
    inputs.origin("ipFamilyMode"),
  );
}

type Exclusion =
  & SettingName
  & ("excludeInboundPorts" | "excludeOutboundPorts" | "excludeInboundIps" | "excludeOutboundIps");

function exclusion(
  inputs: Inputs,
  name: Exclusion,
  check: (text: string) => void,
): string | undefined {
  const annotation = ANNOTATIONS[name];
  const text = inputs.text(annotation);
  if (text !== undefined) {
    asAnnotationError(annotation, () => check(text));
    inputs.note(annotation, text, `annotation ${annotation}`);
    return text;
  }
  const configured = inputs.setting(annotation, name);
  return configured.length === 0 ? undefined : configured.join(",");
}

function anything(): void {}

/** Throws for anything that is not a comma list of ports. */
export function ports(text: string): void {
  parsePorts(text);
}

/** Throws for anything that is not a comma list of addresses and CIDRs. */
export function addresses(text: string): void {
  const bad = readList(text).find((item) => ipPrefix(item) === undefined);
  if (bad !== undefined) {
    throw new KumaError(
      "KUMA-TP-005",
      `${JSON.stringify(bad)} is neither an IP address nor a CIDR`,
    );
  }
}

/** The three annotations about UIDs together; `undefined` where the pod has none of them. */
export function excludedUids(inputs: Inputs): string[] | undefined {
  const sources: [string, "tcp" | "udp" | undefined][] = [
    [ANNOTATIONS.excludeOutboundPortsForUids, undefined],
    [ANNOTATIONS.excludeOutboundTcpPortsForUids, "tcp"],
    [ANNOTATIONS.excludeOutboundUdpPortsForUids, "udp"],
  ];
  let items: string[] | undefined;
  for (const [annotation, protocol] of sources) {
    const text = inputs.text(annotation);
    if (text === undefined) continue;
    const read = asAnnotationError(annotation, () => parseUids(text, protocol));
    inputs.note(annotation, read.join(";"), `annotation ${annotation}`);
    items = [...items ?? [], ...read];
  }
  return items;
}

type PacketSwitch = "dropInvalidPackets" | "iptablesLogs";

/** `--drop-invalid-packets` or `--iptables-logs`: the pod's word, else that of the document. */
export function packetSwitch(
  inputs: Inputs,
  name: PacketSwitch,
  other: boolean,
  source: string,
): boolean {
  const annotation = ANNOTATIONS[name];
  return inputs.prefer(annotation, annotation, inputs.switch(annotation), other, source);
}

/**
 * The same without a document, where Kuma 2.9 takes any other word for "off", with a warning here. With the CNI
 * the plugin decides, which understands words in any case.
 */
function lenientPacketSwitch(inputs: Inputs, name: PacketSwitch): boolean {
  const annotation = ANNOTATIONS[name];
  const text = inputs.text(annotation);
  let own: boolean | undefined;
  if (text !== undefined) {
    own = inputs.settings.cniEnabled || lowerCase(text) ? lenientSwitch(text) : undefined;
    if (own === undefined) inputs.warnings.push(meaningless(annotation, text));
    own ??= false;
  }
  return inputs.prefer(annotation, annotation, own, false, "no annotation asks for it");
}

function lowerCase(text: string): boolean {
  return /^[a-z]+$/.test(text);
}

function warnOverwritten(inputs: Inputs): void {
  const written: [string, number][] = [
    [ANNOTATIONS.transparentProxyingInboundPort, inputs.settings.redirectPortInbound],
    [ANNOTATIONS.transparentProxyingOutboundPort, inputs.settings.redirectPortOutbound],
  ];
  for (const [name, port] of written) {
    const own = inputs.text(name);
    if (own !== undefined && own !== String(port)) {
      inputs.warnings.push(`annotation ${name} is overwritten by the control plane's port ${port}`);
    }
  }
  try {
    if (inputs.switch(ANNOTATIONS.transparentProxying) === false) {
      inputs.warnings.push(`annotation ${ANNOTATIONS.transparentProxying} cannot be disabled`);
    }
  } catch (thrown) {
    inputs.warnings.push(errorText(thrown));
  }
}
