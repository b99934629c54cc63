/**
 * The network configuration on standard input: the plugin's entry of the conflist, with what the runtime
 * puts into it (`name`, `cniVersion`, `prevResult`).
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { parseFirewallBackend } from "core/grammar/names.ts";
import type { FirewallBackend } from "core/proxy/config.ts";
import { DEFAULT_LOG_SOCKET } from "core/log/wire.ts";
import { isRecord } from "core/patch/json.ts";
import { parseSpecVersion, type SpecVersion } from "./spec_version.ts";

/** The configuration, checked. */
export interface NetConf {
  readonly cniVersion: SpecVersion;
  readonly name: string;
  /** Whether a plugin before us gave a result. */
  readonly hasPrevResult: boolean;
  /** `log_level` as it was written; empty where it is missing. */
  readonly logLevel: string;
  /** The installer's log socket; key `log_socket`. */
  readonly logSocket: string;
  /** The file for lines that nobody listens to; key `log_file`. */
  readonly logFile: string;
  /** What rules are written with where a pod does not say it; key `firewall_backend`. */
  readonly firewallBackend: FirewallBackend;
  /** Pods are redirected by eBPF; key `ebpf`, undefined where it is missing. */
  readonly ebpf: EbpfConf | undefined;
  readonly kubernetes: KubernetesConf;
}

/** The key `ebpf`. */
export interface EbpfConf {
  /** The node's BPF file system, in which kuma-ebpf-loader has pinned its maps; key `bpffs_path`. */
  readonly bpffsPath: string;
  /** Use firewall rules where the node or the pod cannot have eBPF; key `fallback`. */
  readonly fallback: boolean;
}

/** The key `kubernetes`. */
export interface KubernetesConf {
  /** Host path of the kubeconfig; empty where it is missing. */
  readonly kubeconfig: string;
  readonly excludeNamespaces: readonly string[];
  /** Where the installer's DaemonSet runs; key `cni_namespace`. */
  readonly cniNamespace: string;
  /** How the names of its pods begin; key `cni_pod_prefix`. */
  readonly cniPodPrefix: string;
}

/** What is taken for keys that are missing. */
export const NET_CONF_DEFAULTS = {
  logSocket: DEFAULT_LOG_SOCKET,
  logFile: "/var/run/kuma-cni/kuma-cni.log",
  bpffsPath: "/sys/fs/bpf",
  cniNamespace: "kube-system",
  cniPodPrefix: "kuma-cni-node-",
} as const;

/**
 * Reads the configuration. Unknown keys are ignored.
 *
 * @throws {KumaError} `KUMA-CNI-002` not JSON, `-003` a key is missing or has the wrong type (named in the
 *   message), `-004` a version that we do not speak.
 */
export function parseNetConf(text: string): NetConf {
  const root = asRecord(parseJson(text), "the network configuration");
  const cniVersion = parseSpecVersion(textAt(root, "cniVersion"));
  const name = textAt(root, "name");
  if (name === "") {
    throw invalid('missing network name: the key "name" is not set');
  }
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) {
    throw invalid(
      `invalid characters in network name ${JSON.stringify(name.slice(0, 60))}`,
    );
  }
  const kubernetes = asRecord(root.kubernetes ?? {}, '"kubernetes"');
  return {
    cniVersion,
    name,
    hasPrevResult: root.prevResult !== undefined && root.prevResult !== null,
    logLevel: textAt(root, "log_level"),
    logSocket: pathAt(root, "log_socket") || NET_CONF_DEFAULTS.logSocket,
    logFile: pathAt(root, "log_file") || NET_CONF_DEFAULTS.logFile,
    firewallBackend: backendAt(root),
    ebpf: ebpfAt(root),
    kubernetes: {
      kubeconfig: textAt(kubernetes, "kubeconfig", "kubernetes."),
      excludeNamespaces: textsAt(
        kubernetes,
        "exclude_namespaces",
        "kubernetes.",
      ),
      cniNamespace: textAt(kubernetes, "cni_namespace", "kubernetes.") ||
        NET_CONF_DEFAULTS.cniNamespace,
      cniPodPrefix: textAt(kubernetes, "cni_pod_prefix", "kubernetes.") ||
        NET_CONF_DEFAULTS.cniPodPrefix,
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The engine's message quotes the text, which other plugins may keep secrets in.
    throw new KumaError(
      "KUMA-CNI-002",
      text.trim() === ""
        ? "the network configuration on stdin is empty"
        : "the network configuration on stdin is not JSON",
    );
  }
}

function asRecord(value: unknown, what: string): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw invalid(`${what} is not a JSON object`);
}

function textAt(
  record: Record<string, unknown>,
  key: string,
  parent = "",
): string {
  const value = record[key] ?? "";
  if (typeof value === "string") return value;
  throw invalid(`"${parent}${key}" is not a string`);
}

function pathAt(record: Record<string, unknown>, key: string): string {
  const path = textAt(record, key);
  if (path === "" || /^\/[^\0]+$/.test(path)) return path;
  throw invalid(`"${key}" is not an absolute path`);
}

function backendAt(record: Record<string, unknown>): FirewallBackend {
  const text = textAt(record, "firewall_backend");
  try {
    return parseFirewallBackend(text);
  } catch (error) {
    throw invalid(`"firewall_backend": ${errorText(error)}`);
  }
}

function ebpfAt(root: Record<string, unknown>): EbpfConf | undefined {
  if (root.ebpf === undefined || root.ebpf === null) return undefined;
  const record = asRecord(root.ebpf, '"ebpf"');
  const { fallback = false } = record;
  if (typeof fallback !== "boolean") throw invalid('"ebpf.fallback" is neither true nor false');
  const path = textAt(record, "bpffs_path", "ebpf.");
  if (path !== "" && !/^\/[^\0]+$/.test(path)) {
    throw invalid('"ebpf.bpffs_path" is not an absolute path');
  }
  return { bpffsPath: path || NET_CONF_DEFAULTS.bpffsPath, fallback };
}

function textsAt(
  record: Record<string, unknown>,
  key: string,
  parent: string,
): string[] {
  const value: unknown = record[key] ?? [];
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) {
    return value;
  }
  throw invalid(`"${parent}${key}" is not a list of strings`);
}

function invalid(message: string): KumaError {
  return new KumaError("KUMA-CNI-003", message);
}
