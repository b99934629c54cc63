import { difference as row, type DifferenceSection } from "./difference.ts";

/** The CNI plugin. */
export const PLUGIN: DifferenceSection = {
  title: "Nodes: the plugin `kuma-cni`",
  differences: [
    row(
      "what rules are written with",
      "the node's iptables",
      "a table `inet kuma-mesh` of nftables in a fresh pod, else the node's iptables",
      "the node needs no program",
      "`nft list table inet kuma-mesh` shows them; `CNI_FIREWALL_BACKEND=iptables` chooses iptables",
    ),
    row(
      "a pod for which IPv6 rules cannot be had",
      "started with IPv4 rules alone, and passes by the mesh over IPv6",
      "ADD fails and says why, unless the pod has no IPv6 address",
      "interception that is silently not there",
      "`kuma.io/transparent-proxying-ip-family-mode: ipv4`, or the control plane's setting",
    ),
    row(
      "`CHECK` and `DEL`",
      "do nothing",
      "CHECK names rules that are missing or foreign; DEL asks nobody",
      "a runtime can see that a pod lost its rules",
    ),
    row(
      "`DEL` with a configuration of an unknown version, or without a name",
      "code 1 or 7",
      "success, as with any JSON object",
      "nothing is there to be taken away, and a pod has to be able to go",
    ),
    row(
      "a plugin below the node's limits of descriptors, processes or memory",
      "needs little",
      "DEL needs nothing; of ADD the table in docs/cni.md says the floor, and below it the error names the limit (KUMA-CNI-024)",
      "the runtime that the program is written in needs that much",
      "raise the limit of the container runtime",
    ),
    row(
      "codes of errors",
      "999",
      "7 for what the pod or the config says, 11 for what may pass, 104 for what the kernel refuses",
      "the runtime and people can tell what to do",
    ),
    row(
      "switches `yes` and `no`, `kuma.io/gateway: provided`",
      "ADD fails",
      "taken",
      "the injector takes them",
    ),
    row(
      "blanks in lists, empty lists",
      "ADD fails",
      "trimmed; none",
      "the injector takes them",
    ),
    row(
      '`kuma.io/builtin-dns-port: "0"`',
      "DNS is redirected to port 0, where kuma-init takes its own default",
      "the default, as for kuma-init",
      "nothing listens there",
    ),
    row(
      "`traffic.kuma.io/drop-invalid-packets` or `iptables-logs` with another word",
      "ADD fails",
      "off, with a warning",
      "Kuma's injector takes such a word for off",
      "write `true` or `false`",
    ),
    row(
      "`kuma.io/sidecar-uid` that names a user",
      "left to iptables on the node",
      "the user that the sidecar's container runs as; else looked up in the node's /etc/passwd",
      "the container says it best",
    ),
    row(
      "a sidecar whose `runAsUser` a ContainerPatch changed",
      "its own traffic is redirected to itself",
      "its user is exempt, with a warning",
      "it would go in circles",
    ),
    row(
      "`cniMode` of a document",
      "not forced",
      "always on",
      "a pod's rules are not a host's",
    ),
    row(
      "`dryRun: true` of a document",
      "obeyed: the pod starts without rules",
      "ignored, with a warning",
      "a pod does not decide whether it is in the mesh",
    ),
    row(
      "`log_level` that is missing or unknown",
      "ADD fails",
      "`info`",
      "a level of logging is no reason to start no pod",
    ),
    row(
      "what ADD gives back",
      "the previous result rewritten, without unknown keys",
      "the previous result, byte for byte",
      "it belongs to the plugins before",
    ),
    row(
      "`exec`, `proxy-url`, `insecure-skip-tls-verify` in the kubeconfig",
      "obeyed",
      "refused by name (KUMA-HOST-165)",
      "a node's plugin starts no program and trusts one CA",
      "a token, a `tokenFile` or a client certificate",
    ),
  ],
};

/** The CNI's installer. */
export const INSTALLER: DifferenceSection = {
  title: "Nodes: `install-cni`",
  differences: [
    row(
      "SIGTERM",
      "always uninstalls, also for a rolling update or a drain",
      "asks whether the DaemonSet is gone; only then (`CNI_ON_EXIT=auto`)",
      "meshed pods that start meanwhile would have no rules",
      "`CNI_ON_EXIT=remove` is Kuma's way",
    ),
    row(
      "the order of removal",
      "the binary first",
      "the chain entry, then the binary, then the kubeconfig",
      "no pod can start or end while the entry names a binary that is gone",
    ),
    row(
      "which config file is chosen without `CNI_CONF_NAME`",
      "a `.conf` before any `.conflist`",
      "the one that the runtime takes",
      "the entry has to be in the file that is used",
    ),
    row(
      "standalone mode without a name",
      "overwrites and later deletes another CNI's file",
      "a file of our own",
      "it is somebody else's",
    ),
    row(
      "a `.conf` that holds a list, as Kuma leaves it",
      "refused by runtimes: no pod can start",
      "recognised, and replaced by a `.conflist`",
      "libcni reads lists in a `.conflist` only",
    ),
    row(
      "a config file that is a symlink",
      "becomes a regular file; changes of the link's target are not seen",
      "stays a link; its target gets the entry and is watched",
      "whoever owns the target goes on writing there",
    ),
    row(
      "bytes of others in config files",
      "parsed and written anew",
      "left as they are, given back at the end",
      "others compare their file with what they wrote",
    ),
    row(
      "readiness",
      "a file `/tmp/ready`, which survives a restart",
      "that file is only there while all is verified; beside it `/readyz` on port 8000",
      "ready has to mean installed",
    ),
    row(
      "`SLEEP=false`",
      "installs and then uninstalls",
      "installs and leaves it installed",
      "that is its meaning",
    ),
    row(
      "`REFRESH_SA_TOKEN_INTERVAL` of 0 or less",
      "a crash",
      "refused by name",
      "one line says what to correct",
      "give seconds",
    ),
    row(
      "no CNI config on the node",
      "given up after five minutes",
      "waited for without a limit",
      "the other CNI may come later",
    ),
    row(
      "memory",
      "100Mi",
      "works with 100Mi, in 4 s in place of 2; 256Mi is right",
      "two programs of 97 MB are copied",
      "`--set cni.resources.limits.memory=256Mi` with Kuma's chart",
    ),
    row(
      "the plugin's token",
      "the pod's own, which dies with the pod",
      "one of its own, for a day",
      "pods can start while the DaemonSet's pod is replaced",
      "grant `create` on `serviceaccounts/token`; without it the pod's is used",
    ),
  ],
};
