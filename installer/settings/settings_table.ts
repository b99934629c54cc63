/**
 * Every environment variable of the installer: one table that the parser and `--help` read.
 *
 * @module
 */

/** The variables of Kuma 2.9 with its defaults, and below them those that it does not have. */
export const VARIABLES = [
  [
    "CHAINED_CNI_PLUGIN",
    "true",
    "chain to the cluster's CNI, or (false) write an own file for Multus",
  ],
  ["CNI_CONF_NAME", "", "config file to chain to; empty: the one that the runtime uses"],
  ["CNI_NETWORK_CONFIG", "", "the plugin's entry as JSON; empty: built in"],
  ["CNI_NET_DIR", "/etc/cni/net.d", "net dir as the host sees it"],
  ["MOUNTED_CNI_NET_DIR", "/host/etc/cni/net.d", "the same directory in this container"],
  [
    "KUBECFG_FILE_NAME",
    "ZZZ-kuma-cni-kubeconfig",
    "name of the plugin's kubeconfig in the net dir",
  ],
  ["KUBE_CA_FILE", "", "CA of the API server; empty: the service account's ca.crt"],
  ["KUBERNETES_SERVICE_PROTOCOL", "https", "protocol of the API server"],
  ["KUBERNETES_SERVICE_HOST", "", "address of the API server; kubelet sets it"],
  ["KUBERNETES_SERVICE_PORT", "", "port of the API server; kubelet sets it"],
  ["CNI_LOG_LEVEL", "info", "debug, info, warn, error or off"],
  ["CFGCHECK_INTERVAL", "1", "seconds between checks behind the directory watch"],
  ["REFRESH_SA_TOKEN_INTERVAL", "60", "seconds between looks at the token and the CA"],
  ["SLEEP", "true", "keep watching; false: install, leave everything in place and exit"],
  [
    "CNI_BIN_DIR",
    "",
    "bin dir as the host sees it; empty: cni_bin_dir of the entry, else /opt/cni/bin",
  ],
  ["MOUNTED_CNI_BIN_DIR", "/host/opt/cni/bin", "the same directory in this container"],
  [
    "MOUNTED_SECONDARY_CNI_BIN_DIR",
    "/host/secondary-bin-dir",
    "another bin dir, used if it is there",
  ],
  [
    "MOUNTED_HOST_ROOT",
    "",
    "the host's root in this container, to try the plugin in; empty: not mounted",
  ],
  ["CNI_SOURCE_DIR", "/opt/cni/bin", "where this image has the plugin and its runtime folder"],
  ["SERVICE_ACCOUNT_DIR", "/var/run/secrets/kubernetes.io/serviceaccount", "token and ca.crt"],
  ["CNI_TOKEN_LIFETIME", "86400", "seconds of the plugin's own token; 0: use the pod's token"],
  ["CNI_ON_EXIT", "auto", "at SIGTERM: keep, remove, or auto: ask for the own DaemonSet"],
  ["CNI_DAEMONSET_NAME", "", "the own DaemonSet; empty: the owner of this pod"],
  ["POD_NAMESPACE", "", "namespace of this pod; empty: from the token"],
  ["POD_NAME", "", "name of this pod; empty: from the token"],
  ["NODE_NAME", "", "name of this node; empty: from this pod"],
  [
    "CNI_CHAIN_METHOD",
    "edit",
    "edit the config file, or drop-in: <net dir>/<network>/*.conf (libcni 1.3)",
  ],
  [
    "CNI_FIREWALL_BACKEND",
    "auto",
    "what the plugin writes rules with where a pod does not say it: auto, nftables or iptables",
  ],
  ["CNI_LOG_FORMAT", "text", "text or json"],
  ["CNI_HTTP_PORT", "8000", "port of /healthz, /readyz and /metrics; 0: none"],
  ["READY_FILE", "/tmp/ready", "exists while everything is in place"],
] as const satisfies readonly (readonly [string, string, string])[];

/** Name of one of {@linkcode VARIABLES}. */
export type VariableName = (typeof VARIABLES)[number][0];

/** Text of the variables for `--help`, in lines of at most 80 columns. */
export function variablesHelp(): string {
  return VARIABLES.map(([name, fallback, says]) => {
    const text = `${says}${fallback === "" ? "" : ` (${fallback})`}`;
    return `  ${name}\n${inColumns(text, 80 - 6).map((line) => `      ${line}`).join("\n")}`;
  }).join("\n");
}

function inColumns(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
