/**
 * What works and should be changed: old names, old values, ports of Services that lead nowhere.
 *
 * @module
 */
import { ANNOTATIONS } from "core/kube/annotations.ts";
import type { Warning } from "./decision.ts";
import type { PodFacts } from "./facts.ts";
import type { Unresolved } from "./inbounds.ts";
import type { MeshChoice } from "./mesh_of.ts";

/** Old names, and what people write today. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  "kuma.io/builtindns": ANNOTATIONS.builtinDns,
  "kuma.io/builtindnsport": ANNOTATIONS.builtinDnsPort,
  "kuma.io/transparent-proxying-inbound-v6-port":
    `${ANNOTATIONS.transparentProxyingIpFamilyMode}: ipv4`,
};

/** Switches that are read here. */
const SWITCHES = [
  ANNOTATIONS.sidecarInjected,
  ANNOTATIONS.transparentProxying,
  ANNOTATIONS.virtualProbes,
] as const;

/** The warnings about a pod's annotations, and about where its mesh is said. */
export function deprecations({ annotations }: PodFacts, choice: MeshChoice): Warning[] {
  const messages = Object.entries(OLD_NAMES)
    .filter(([name]) => Object.hasOwn(annotations, name))
    .map(([name, instead]) => `annotation ${name} is an old name, use ${instead}`);
  for (const name of SWITCHES) {
    const value = annotations[name];
    if (value !== "yes" && value !== "no") continue;
    messages.push(`annotation ${name}: "${value}" is deprecated, use "${value === "yes"}"`);
  }
  if (choice.old !== undefined) {
    messages.push(`${choice.old} is deprecated, use the label of that name`);
  }
  return messages.map((message) => ({ reason: "DeprecatedKumaAnnotation", message }));
}

/** The warning about a Service's port that no container declares by that name. */
export function unresolvedPort({ service, port, target }: Unresolved): Warning {
  return {
    reason: "UnresolvedServicePort",
    message: `port ${port} of Service ${service} leads to the port named "${target}", ` +
      "which no container of the pod declares: it gets no inbound",
  };
}
