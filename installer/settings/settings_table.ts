/**
 * Every environment variable of the installer: one table that the parser and `--help` read.
 *
 * @module
 */
import { LOG_LEVELS, parseLogLevel } from "core/log/levels.ts";
import type { LogLevel } from "core/log/logger.ts";
import { integer, type Kind, oneOf, PORT, scalar, SWITCH, TEXT } from "core/settings/kinds.ts";
import { variable } from "core/settings/variables.ts";

const MOST = 2 ** 31 - 1;

/** Any text of one line. */
const LINE: Kind<string> = scalar(
  "a text without control characters",
  // deno-lint-ignore no-control-regex
  (text) => /[\u0000-\u001f\u007f]/.test(text) ? undefined : text,
);
/** An absolute path; slashes at its end go. */
const DIRECTORY: Kind<string> = scalar(
  "an absolute path",
  // deno-lint-ignore no-control-regex
  (text) => /^\/[^\u0000-\u001f\u007f]*$/.test(text) ? text.replace(/(?<=.)\/+$/, "") : undefined,
);
const FILE_NAME: Kind<string> = scalar(
  "a file name without directory",
  // deno-lint-ignore no-control-regex
  (text) => /^(?!\.{1,2}$)[^/\u0000-\u001f\u007f]+$/.test(text) ? text : undefined,
);
const LEVEL: Kind<LogLevel> = scalar(`one of ${LOG_LEVELS.join(", ")}`, parseLogLevel);

function optional(kind: Kind<string>): Kind<string> {
  return { ...kind, text: (text) => text === "" ? "" : kind.text(text) };
}

/** The variables of Kuma 2.9 with its defaults, and below them those that it does not have. */
export const VARIABLES = {
  CHAINED_CNI_PLUGIN: variable(
    SWITCH,
    "true",
    "chain to the cluster's CNI, or (false) write an own file for Multus",
  ),
  CNI_CONF_NAME: variable(
    optional(FILE_NAME),
    "",
    "config file to chain to; empty: the one that the runtime uses",
  ),
  CNI_NETWORK_CONFIG: variable(TEXT, "", "the plugin's entry as JSON; empty: built in"),
  CNI_NET_DIR: variable(DIRECTORY, "/etc/cni/net.d", "net dir as the host sees it"),
  MOUNTED_CNI_NET_DIR: variable(
    DIRECTORY,
    "/host/etc/cni/net.d",
    "the same directory in this container",
  ),
  KUBECFG_FILE_NAME: variable(
    FILE_NAME,
    "ZZZ-kuma-cni-kubeconfig",
    "name of the plugin's kubeconfig in the net dir",
  ),
  KUBE_CA_FILE: variable(LINE, "", "CA of the API server; empty: the service account's ca.crt"),
  KUBERNETES_SERVICE_PROTOCOL: variable(
    oneOf("https", "http"),
    "https",
    "protocol of the API server",
  ),
  KUBERNETES_SERVICE_HOST: variable(LINE, "", "address of the API server; kubelet sets it"),
  KUBERNETES_SERVICE_PORT: variable(LINE, "", "port of the API server; kubelet sets it"),
  CNI_LOG_LEVEL: variable(LEVEL, "info", "debug, info, warn, error or off"),
  CFGCHECK_INTERVAL: variable(
    integer(1, MOST),
    "1",
    "seconds between checks behind the directory watch",
  ),
  REFRESH_SA_TOKEN_INTERVAL: variable(
    integer(1, MOST),
    "60",
    "seconds between looks at the token and the CA",
  ),
  SLEEP: variable(
    SWITCH,
    "true",
    "keep watching; false: install, leave everything in place and exit",
  ),
  CNI_BIN_DIR: variable(
    optional(DIRECTORY),
    "",
    "bin dir as the host sees it; empty: cni_bin_dir of the entry, else /opt/cni/bin",
  ),
  MOUNTED_CNI_BIN_DIR: variable(
    DIRECTORY,
    "/host/opt/cni/bin",
    "the same directory in this container",
  ),
  MOUNTED_SECONDARY_CNI_BIN_DIR: variable(
    optional(DIRECTORY),
    "/host/secondary-bin-dir",
    "another bin dir, used if it is there",
  ),
  MOUNTED_HOST_ROOT: variable(
    optional(DIRECTORY),
    "",
    "the host's root in this container, to try the plugin in; empty: not mounted",
  ),
  CNI_SOURCE_DIR: variable(
    DIRECTORY,
    "/opt/cni/bin",
    "where this image has the plugin and its runtime folder",
  ),
  SERVICE_ACCOUNT_DIR: variable(
    DIRECTORY,
    "/var/run/secrets/kubernetes.io/serviceaccount",
    "token and ca.crt",
  ),
  CNI_TOKEN_LIFETIME: variable(
    integer(0, MOST),
    "86400",
    "seconds of the plugin's own token; 0: use the pod's token",
  ),
  CNI_ON_EXIT: variable(
    oneOf("auto", "keep", "remove"),
    "auto",
    "at SIGTERM: keep, remove, or auto: ask for the own DaemonSet",
  ),
  CNI_DAEMONSET_NAME: variable(LINE, "", "the own DaemonSet; empty: the owner of this pod"),
  POD_NAMESPACE: variable(LINE, "", "namespace of this pod; empty: from the token"),
  POD_NAME: variable(LINE, "", "name of this pod; empty: from the token"),
  NODE_NAME: variable(LINE, "", "name of this node; empty: from this pod"),
  CNI_CHAIN_METHOD: variable(
    oneOf("edit", "drop-in"),
    "edit",
    "edit the config file, or drop-in: <net dir>/<network>/*.conf (libcni 1.3)",
  ),
  CNI_FIREWALL_BACKEND: variable(
    oneOf("auto", "nftables", "iptables"),
    "auto",
    "what the plugin writes rules with where a pod does not say it: auto, nftables or iptables",
  ),
  CNI_EBPF_BPFFS_PATH: variable(
    optional(DIRECTORY),
    "",
    "redirect pods by eBPF, where kuma-ebpf-loader has this BPF file system on the node; empty: do not",
  ),
  CNI_QUICK_ADD: variable(
    SWITCH,
    "true",
    "answer the plugin's ADD from here, in some ms; false: let its program do each",
  ),
  CNI_LOG_FORMAT: variable(oneOf("text", "json"), "text", "text or json"),
  CNI_HTTP_PORT: variable(PORT, "8000", "port of /healthz, /readyz and /metrics; 0: none"),
  READY_FILE: variable(LINE, "/tmp/ready", "exists while everything is in place"),
} as const;
