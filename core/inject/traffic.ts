/**
 * What of a pod's traffic is redirected: the pod's annotations, row by row of the table, over a ConfigMap's document,
 * over the settings.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { ANNOTATIONS } from "core/kube/annotations.ts";
import {
  readTrafficAnnotation,
  TRAFFIC_ANNOTATIONS,
  type TrafficAnnotation,
} from "core/proxy/annotations.ts";
import { lenientSwitch, meaningless } from "core/proxy/annotation_values.ts";
import type { IpFamilyMode, TransparentProxyConfig } from "core/proxy/config.ts";
import { putSetting, type SettingValue } from "core/proxy/kinds.ts";
import { settingOf, valueOf } from "core/proxy/options.ts";
import { wrongValue } from "core/grammar/go_text.ts";
import { asAnnotationError, type Inputs } from "./inputs.ts";
import type { PodOptions } from "./options.ts";
import type { SettingName } from "./settings/table.ts";

/** A document that decides where the pod says nothing: a ConfigMap. */
export interface TrafficDocument {
  /** What errors and `explain` call it. */
  readonly source: string;
  /** It names an IP family mode. */
  readonly family: boolean;
}

/** Values of annotations, by their names. */
export type WrittenAnnotations = Readonly<Record<string, string>>;

/** One row at work. */
interface Work {
  readonly config: TransparentProxyConfig;
  readonly inputs: Inputs;
  readonly document: TrafficDocument | undefined;
  readonly row: TrafficAnnotation;
  /** The annotation's value. */
  readonly text: string | undefined;
}

/**
 * Lays the pod's annotations and the settings over a configuration: that of a ConfigMap, or the defaults. Gives what
 * the pod's annotations are to say of lists without a ConfigMap. Throws `KUMA-WH-002` for an annotation that could not
 * work; of a gateway what concerns inbound traffic is not looked at.
 */
export function adjustTraffic(
  config: TransparentProxyConfig,
  inputs: Inputs,
  options: PodOptions,
  document?: TrafficDocument,
): WrittenAnnotations {
  const handedOn: Record<string, string> = {};
  const { redirect } = config;
  if (options.gateway) redirect.inbound.enabled = false;
  const own = new Set<string>();
  for (const row of TRAFFIC_ANNOTATIONS) {
    const work: Work = { config, inputs, document, row, text: inputs.text(row.name) };
    const passedOver = isInbound(row) && !redirect.inbound.enabled;
    if (row.kind === "port") adjustPort(work, passedOver);
    if (passedOver && (document !== undefined || row.handedOn === undefined)) continue;
    if (row.kind === "family") adjustFamily(work);
    else if (row.kind === "packet switch") adjustSwitch(work);
    else if (row.kind === "ports" || row.kind === "addresses") {
      const text = adjustList(work, passedOver);
      if (text !== undefined) handedOn[row.name] = text;
    } else if (row.kind.endsWith("uids")) adjustUids(work, own);
  }
  config.kumaDPUser = String(inputs.settings.uid);
  config.cniMode = inputs.settings.cniEnabled;
  redirect.dns.port = options.dns.port;
  const { proxyPort } = options.probes;
  // The kubelet must reach the probe proxy directly.
  if (proxyPort !== 0 && redirect.inbound.enabled) redirect.inbound.excludePorts.push(proxyPort);
  return handedOn;
}

/** A gateway's inbound traffic is left alone altogether. */
function isInbound({ sets: [key = ""] }: TrafficAnnotation): boolean {
  return key.startsWith("redirect.inbound.") && key !== "redirect.inbound.enabled";
}

/** The control plane's word counts. */
function adjustPort({ config, inputs, document, row, text }: Work, passedOver: boolean): void {
  const port = inputs.setting(row.option ?? row.name, row.setting as SettingName) as number;
  if (document === undefined || !passedOver) put(config, row, port);
  if (document === undefined && text !== undefined && text !== String(port)) {
    inputs.warnings.push(
      `annotation ${row.name} is overwritten by the control plane's port ${port}`,
    );
  }
}

/** `dualstack` or `ipv4`: the two that a Dataplane can be made for. */
function adjustFamily({ config, inputs, document, row, text = "" }: Work): void {
  const own = text === "" ? undefined : text.toLowerCase();
  if (own !== undefined && own !== "dualstack" && own !== "ipv4") {
    throw wrongValue(row.name, text, "use dualstack or ipv4");
  }
  const [other, source] = document?.family === true
    ? [config.ipFamilyMode, document.source]
    : [inputs.settings.ipFamilyMode || "dualstack", inputs.origin("ipFamilyMode")];
  const mode = inputs.prefer(row.option ?? row.name, row.name, own, other, source);
  put(config, row, mode as IpFamilyMode);
}

/** The pod's word, else that of the document. */
function adjustSwitch(work: Work): void {
  const { config, inputs, document, row, text } = work;
  const own = text === undefined
    ? undefined
    : document === undefined
    ? withoutDocument(inputs, row.name, text)
    : inputs.switch(row.name);
  const other = valueOf(config, settingOf(row.sets[0] ?? "")) as boolean;
  const source = document?.source ?? "no annotation asks for it";
  put(config, row, inputs.prefer(row.name, row.name, own, other, source));
}

/**
 * Without a document Kuma 2.9 takes any other word for "off", with a warning here. With the CNI the plugin
 * decides, which understands words in any case.
 */
function withoutDocument(inputs: Inputs, name: string, text: string): boolean {
  const known = inputs.settings.cniEnabled || /^[a-z]+$/.test(text);
  const own = known ? lenientSwitch(text) : undefined;
  if (own === undefined) inputs.warnings.push(meaningless(name, text));
  return own ?? false;
}

/**
 * The pod's list, which an empty annotation empties; else the document's; else the configured one. Gives the pod's own
 * text, else the configured list, for the pod's annotation.
 */
function adjustList(work: Work, passedOver: boolean): string | undefined {
  const { config, inputs, document, row, text } = work;
  if (text !== undefined) {
    if (!passedOver) put(config, row, readHere(row, text));
    inputs.note(row.name, text, `annotation ${row.name}`);
    return text;
  }
  const documented = valueOf(config, settingOf(row.sets[0] ?? "")) as readonly unknown[];
  if (document !== undefined && documented.length > 0) {
    inputs.note(row.name, documented, document.source);
    return undefined;
  }
  if (row.setting === undefined) return undefined;
  const configured = inputs.setting(row.name, row.setting as SettingName) as readonly string[];
  if (configured.length === 0) return undefined;
  const joined = configured.join(",");
  if (!passedOver) put(config, row, readHere(row, joined));
  return joined;
}

/** All annotations about UIDs together, in place of the document's. */
function adjustUids({ config, inputs, row, text }: Work, own: Set<string>): void {
  if (text === undefined) return;
  const [key = ""] = row.sets;
  const read = readHere(row, text) as readonly string[];
  inputs.note(row.name, read.join(";"), `annotation ${row.name}`);
  const before = own.has(key) ? valueOf(config, settingOf(key)) as readonly string[] : [];
  own.add(key);
  put(config, row, [...before, ...read]);
}

function readHere(row: TrafficAnnotation, text: string): SettingValue {
  return asAnnotationError(row.name, () => readTrafficAnnotation(row, text)) ?? [];
}

function put(config: TransparentProxyConfig, { sets }: TrafficAnnotation, value: SettingValue) {
  for (const key of sets) putSetting(config, settingOf(key), value);
}

/** What the pod's annotations are to say of a document's lists and switches: what became of them. */
export function annotationsOf(config: TransparentProxyConfig): WrittenAnnotations {
  return Object.fromEntries(
    TRAFFIC_ANNOTATIONS.flatMap(({ name, kind, sets: [key = ""], handedOn }) => {
      const value = valueOf(config, settingOf(key));
      if (kind === "packet switch") return value === true ? [[name, "true"]] : [];
      if (handedOn === undefined || !Array.isArray(value) || value.length === 0) return [];
      return [[name, value.join(",")]];
    }),
  );
}

/** Warns of an annotation that cannot switch the redirection off. */
export function warnAlwaysOn(inputs: Inputs): void {
  const name = ANNOTATIONS.transparentProxying;
  try {
    if (inputs.switch(name) === false) {
      inputs.warnings.push(`annotation ${name} cannot be disabled`);
    }
  } catch (thrown) {
    inputs.warnings.push(errorText(thrown));
  }
}
