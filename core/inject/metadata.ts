/**
 * The annotations and the label that injection writes.
 *
 * @module
 */
import { ANNOTATIONS, LABELS } from "core/kube/annotations.ts";
import { isObject, type Json } from "core/patch/json.ts";
import type { Settings } from "./settings/table.ts";
import { wrongValue } from "core/grammar/go_text.ts";
import type { PodOptions } from "./options.ts";
import type { PodView, TextMap } from "./pod.ts";
import type { Redirection } from "./redirection.ts";

/** Name of the network attachment that Multus reads; the namespace controller makes it. */
const CNI_NETWORK = "kuma-cni";

/** All annotations of the injected pod: its own, ours over them. */
export function injectedAnnotations(
  pod: PodView,
  options: PodOptions,
  redirection: Redirection,
  settings: Settings,
): TextMap {
  const { probes } = options;
  return {
    ...pod.annotations,
    ...defaultContainer(pod),
    [ANNOTATIONS.sidecarInjected]: "true",
    [ANNOTATIONS.transparentProxying]: "enabled",
    [ANNOTATIONS.sidecarUid]: String(settings.uid),
    [ANNOTATIONS.transparentProxyingOutboundPort]: String(settings.redirectPortOutbound),
    [ANNOTATIONS.transparentProxyingInboundPort]: String(redirection.inboundPort),
    [ANNOTATIONS.virtualProbes]: probes.virtualProbes ? "enabled" : "disabled",
    [ANNOTATIONS.virtualProbesPort]: String(probes.virtualProbesPort),
    [ANNOTATIONS.applicationProbeProxyPort]: String(probes.proxyPort),
    [ANNOTATIONS.envoyAdminPort]: String(options.adminPort),
    ...redirection.annotations,
    ...(settings.cniEnabled ? { [ANNOTATIONS.networks]: networks(pod) } : {}),
  };
}

/** All labels of the injected pod. */
export function injectedLabels(pod: PodView, mesh: string): TextMap {
  return { ...pod.labels, [LABELS.mesh]: mesh };
}

/** Without it, kubectl would take our container, which comes first. */
function defaultContainer(pod: PodView): TextMap {
  const name = ANNOTATIONS.defaultContainer;
  const [only, ...others] = pod.containers;
  if (others.length > 0 || Object.hasOwn(pod.annotations, name)) return {};
  return typeof only?.name === "string" ? { [name]: only.name } : {};
}

/** The pod's own networks (both notations of Multus) and ours. */
function networks(pod: PodView): string {
  const name = ANNOTATIONS.networks;
  const own = (pod.annotations[name] ?? "").trim();
  if (own === "") return CNI_NETWORK;
  if (!own.startsWith("[")) {
    const listed = own.split(",").map((item) => item.trim());
    return listed.includes(CNI_NETWORK) ? own : `${own},${CNI_NETWORK}`;
  }
  const list = jsonList(own);
  if (list === undefined) throw wrongValue(name, own, "it is no list of networks");
  const listed = list.some((item) => isObject(item) && item.name === CNI_NETWORK);
  return listed ? own : JSON.stringify([...list, { name: CNI_NETWORK }]);
}

function jsonList(text: string): Json[] | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
