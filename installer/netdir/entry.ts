/**
 * Our entry of the chain, from CNI_NETWORK_CONFIG.
 *
 * @module
 */
import { PLUGIN_TYPE } from "core/conflist/document.ts";
import type { PluginEntry } from "core/conflist/edit.ts";
import { errorText, KumaError } from "core/errors.ts";
import type { LogLevel } from "core/log/logger.ts";
import { isRecord } from "core/patch/json.ts";
import type { Places } from "../program/places.ts";
import type { Settings } from "../settings/settings.ts";
import type { Claims } from "../token.ts";

/** The entry as the chart's ConfigMap has it, for an installer that runs without the chart. */
const BUILT_IN = JSON.stringify({
  cniVersion: "0.3.1",
  name: "kuma-cni",
  type: PLUGIN_TYPE,
  log_level: "info",
  kubernetes: {
    kubeconfig: "__KUBECONFIG_FILEPATH__",
    exclude_namespaces: ["kube-system"],
  },
});

/** The pod that this installer runs in, as far as it is known. */
export interface OwnPod {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** The pod by the downward API's variables, else by what its token says. */
export function ownPod({ pod }: Settings, claims: Claims | undefined): OwnPod {
  return { namespace: pod.namespace || claims?.namespace, name: pod.name || claims?.pod };
}

/** The entry as text and as data. */
export interface ConflistEntry {
  /** CNI_NETWORK_CONFIG with its placeholders filled in: what standalone mode writes. */
  readonly text: string;
  readonly plugin: PluginEntry;
  /** The host's bin dir that the entry names, if it names one. */
  readonly binDir: string | undefined;
}

/**
 * Makes the entry. Placeholders are replaced once each, as in Kuma 2.9.
 *
 * What the plugin of this release knows and an older template lacks is added: where our log socket is, and
 * how to recognise our own pods, which must start whatever state the node is in.
 *
 * @param token The service account's token, for templates that want it inline
 * @throws {KumaError} `KUMA-INS-011` when it is no JSON object of our type
 */
export function makeEntry(
  settings: Settings,
  places: Places,
  token: () => string,
  identity: OwnPod = {},
): ConflistEntry {
  const template = settings.networkConfig === "" ? BUILT_IN : settings.networkConfig;
  let text = template.replace("__KUBECONFIG_FILEPATH__", () => inString(places.hostKubeconfig));
  if (text.includes("__SERVICEACCOUNT_TOKEN__")) {
    text = text.replace("__SERVICEACCOUNT_TOKEN__", () => inString(token()));
  }
  const plugin = parseEntry(text);
  const binDir = objectIn(plugin["kubernetes"])?.["cni_bin_dir"];
  return {
    text,
    plugin: withEbpf(
      withBackend(withAdditions(plugin, places.hostLogSocket, identity), settings),
      settings,
    ),
    binDir: typeof binDir === "string" && binDir.startsWith("/") ? binDir : undefined,
  };
}

/** The entry for a level that was chosen at run time; the plugin knows `off`, `info` and `debug`. */
export function withLevel(entry: ConflistEntry, level: LogLevel): ConflistEntry {
  const known = level === "debug" || level === "off" ? level : "info";
  return { ...entry, plugin: { ...entry.plugin, log_level: known } };
}

/** The template's own word counts; `auto`, what the plugin does without one, is not written. */
function withBackend(plugin: PluginEntry, { firewallBackend }: Settings): PluginEntry {
  return firewallBackend === "auto" ? plugin : { firewall_backend: firewallBackend, ...plugin };
}

function withEbpf(plugin: PluginEntry, { ebpfBpffsPath: path }: Settings): PluginEntry {
  return path === "" ? plugin : { ebpf: { bpffs_path: path }, ...plugin };
}

function withAdditions(plugin: PluginEntry, logSocket: string, identity: OwnPod): PluginEntry {
  const { namespace, name } = identity;
  // kuma-cni-node-x7k2p: what comes before the last dash is the DaemonSet's name.
  const prefix = name === undefined ? undefined : /^(.+-)[a-z0-9]{5}$/.exec(name)?.[1];
  const added = {
    ...(namespace !== undefined && namespace !== "" && { cni_namespace: namespace }),
    ...(prefix !== undefined && { cni_pod_prefix: prefix }),
  };
  const kubernetes = { ...added, ...objectIn(plugin["kubernetes"]) };
  return { log_socket: logSocket, ...plugin, kubernetes };
}

function parseEntry(text: string): PluginEntry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(`it is not JSON: ${errorText(error)}`);
  }
  const entry = objectIn(value);
  if (entry === undefined) throw bad("it is not a JSON object");
  if (entry["type"] !== PLUGIN_TYPE) throw bad(`its "type" is not "${PLUGIN_TYPE}"`);
  return { ...entry, type: PLUGIN_TYPE };
}

function objectIn(value: unknown): Record<string, unknown> | undefined {
  return isRecord(value) ? value : undefined;
}

/** The value as it stands inside a JSON string. */
function inString(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

function bad(why: string): KumaError {
  return new KumaError("KUMA-INS-011", `Cannot use CNI_NETWORK_CONFIG: ${why}`);
}
