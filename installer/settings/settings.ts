/**
 * The installer's settings, parsed strictly from environment variables.
 *
 * @module
 */
import type { LogFormat } from "core/log/format.ts";
import type { LogLevel } from "core/log/logger.ts";
import type { FirewallBackend } from "core/proxy/config.ts";
import { readVariables } from "core/settings/variables.ts";
import { VARIABLES } from "./settings_table.ts";

/** What the installer is told; directories have no slash at the end. */
export interface Settings {
  readonly chained: boolean;
  /** A file name, or empty for the runtime's own choice. */
  readonly confName: string;
  /** The raw text of CNI_NETWORK_CONFIG. */
  readonly networkConfig: string;
  readonly netDir: { readonly host: string; readonly mounted: string };
  readonly binDir: { readonly host: string; readonly mounted: string; readonly secondary: string };
  readonly hostRoot: string;
  readonly sourceDir: string;
  readonly kubeconfigName: string;
  readonly caFile: string;
  readonly api: { readonly protocol: string; readonly host: string; readonly port: string };
  readonly serviceAccountDir: string;
  /** Seconds; 0 for the pod's own token. */
  readonly tokenLifetime: number;
  readonly checkIntervalMs: number;
  readonly tokenIntervalMs: number;
  readonly stay: boolean;
  readonly onExit: "auto" | "keep" | "remove";
  readonly daemonSet: string;
  readonly pod: { readonly namespace: string; readonly name: string; readonly node: string };
  readonly method: "edit" | "drop-in";
  readonly firewallBackend: FirewallBackend;
  /** Empty where pods are not redirected by eBPF. */
  readonly ebpfBpffsPath: string;
  /** The plugin may ask this process at an ADD. */
  readonly quickAdd: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** 0 for no server. */
  readonly httpPort: number;
  readonly readyFile: string;
}

/**
 * Reads the settings. A variable that is not set has its default; one that is set but empty is not
 * replaced by it, as in Kuma 2.9.
 *
 * @throws {VariableError} `KUMA-INS-010` naming the variable
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const read = readVariables(VARIABLES, env, "KUMA-INS-010");
  return {
    chained: read.CHAINED_CNI_PLUGIN,
    confName: read.CNI_CONF_NAME,
    networkConfig: read.CNI_NETWORK_CONFIG,
    netDir: { host: read.CNI_NET_DIR, mounted: read.MOUNTED_CNI_NET_DIR },
    binDir: {
      host: read.CNI_BIN_DIR,
      mounted: read.MOUNTED_CNI_BIN_DIR,
      secondary: read.MOUNTED_SECONDARY_CNI_BIN_DIR,
    },
    hostRoot: read.MOUNTED_HOST_ROOT,
    sourceDir: read.CNI_SOURCE_DIR,
    kubeconfigName: read.KUBECFG_FILE_NAME,
    caFile: read.KUBE_CA_FILE || `${read.SERVICE_ACCOUNT_DIR}/ca.crt`,
    api: {
      protocol: read.KUBERNETES_SERVICE_PROTOCOL,
      host: read.KUBERNETES_SERVICE_HOST,
      port: read.KUBERNETES_SERVICE_PORT,
    },
    serviceAccountDir: read.SERVICE_ACCOUNT_DIR,
    tokenLifetime: read.CNI_TOKEN_LIFETIME,
    checkIntervalMs: read.CFGCHECK_INTERVAL * 1000,
    tokenIntervalMs: read.REFRESH_SA_TOKEN_INTERVAL * 1000,
    stay: read.SLEEP,
    onExit: read.CNI_ON_EXIT,
    daemonSet: read.CNI_DAEMONSET_NAME,
    pod: { namespace: read.POD_NAMESPACE, name: read.POD_NAME, node: read.NODE_NAME },
    method: read.CNI_CHAIN_METHOD,
    firewallBackend: read.CNI_FIREWALL_BACKEND,
    ebpfBpffsPath: read.CNI_EBPF_BPFFS_PATH,
    quickAdd: read.CNI_QUICK_ADD,
    logLevel: read.CNI_LOG_LEVEL,
    logFormat: read.CNI_LOG_FORMAT,
    httpPort: read.CNI_HTTP_PORT,
    readyFile: read.READY_FILE,
  };
}
