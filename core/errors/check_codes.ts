/**
 * The `KUMA-CHK-…` codes, of what `kumactl check` finds and no other program ends with: what each means and what to
 * do, for `kumactl explain`. 0xx: hosts and network namespaces; 1xx: clusters.
 *
 * @module
 */
import type { CodeText } from "./tp_codes.ts";

/** The codes of the tables of `core/check`. */
export const CHECK_CODES = {
  "KUMA-CHK-001": {
    title: "The user of kuma-dp is root",
    todo:
      "Give it a user of its own with --kuma-dp-user: what runs as the same user is not redirected, so all that " +
      "root runs would bypass the mesh.",
  },
  "KUMA-CHK-002": {
    title: "The programs of iptables are too old, or write to two places",
    todo:
      "Use iptables 1.8 or newer, and one of iptables-nft and iptables-legacy for all programs of the host: " +
      "update-alternatives --config iptables chooses it on Debian.",
  },
  "KUMA-CHK-003": {
    title: "DNS goes in circles",
    todo:
      "Leave the queries of the host's own resolver alone with --exclude-outbound-ports-for-uids '*:53:UID', UID being " +
      "the resolver's, or redirect DNS to the servers of resolv.conf only (--redirect-dns).",
  },
  "KUMA-CHK-004": {
    title: "A port of the proxy is taken by somebody else",
    todo:
      "Stop what listens there ('ss -lntup' names it), or give the proxy other ports with --redirect-inbound-port, " +
      "--redirect-outbound-port and --redirect-dns-port, and kuma-dp the same.",
  },
  "KUMA-CHK-005": {
    title: "Rules of others keep traffic from the proxy",
    todo:
      "Remove the rules that the message names, or put ours first with insertRedirectInsteadOfAppend. What is meant to " +
      "be left alone is better excluded by a setting of ours: then status and explain know of it.",
  },
  "KUMA-CHK-006": {
    title: "The host's firewall drops redirected connections",
    todo:
      "Let TCP to the inbound port in: 'iptables -I INPUT -p tcp --dport 15006 -j ACCEPT', 'ufw allow 15006/tcp', or " +
      "'firewall-cmd --permanent --add-port=15006/tcp'. The port that was called is not what filter rules see.",
  },
  "KUMA-CHK-007": {
    title: "Another mesh redirects the same traffic",
    todo:
      "Uninstall the one that you do not want; in a cluster, inject each pod by one mesh alone.",
  },
  "KUMA-CHK-008": {
    title: "Another program's rules are in the way of the proxy's",
    todo: "The message names the program, and what to do about it.",
  },
  "KUMA-CHK-009": {
    title: "Something of an earlier installation is left",
    todo:
      "'kumactl uninstall transparent-proxy' takes out all that was put in by any release; an installation replaces rules.",
  },
  "KUMA-CHK-010": {
    title: "The kernel's table of connections is nearly full",
    todo:
      "Raise net.netfilter.nf_conntrack_max, for good in /etc/sysctl.d, and look for what holds so many connections " +
      "(conntrack -L).",
  },
  "KUMA-CHK-011": {
    title: "An installation may cut off an SSH session",
    todo: "Give --exclude-inbound-ports 22, or make sure that there is another way into the host.",
  },
  "KUMA-CHK-012": {
    title: "IPv6 would not be redirected, though the host has it",
    todo:
      "Mend what the message names (ip6tables, kernel modules, net.ipv6.conf.lo.disable_ipv6), or say that it is meant so " +
      "with --ip-family-mode ipv4.",
  },
  "KUMA-CHK-020": {
    title: "The transparent proxy is not installed",
    todo:
      "Run 'kumactl install transparent-proxy'. In a pod, look at the log of kuma-cni or of the init container: " +
      "'kumactl explain pod' says which of the two it should be.",
  },
  "KUMA-CHK-021": {
    title: "The transparent proxy is not as it was wanted",
    todo:
      "Run 'kumactl install transparent-proxy' with the same settings: it puts right what differs, and touches no rule of " +
      "others. 'kumactl status transparent-proxy' names each difference.",
  },
  "KUMA-CHK-022": {
    title: "Nobody, or the wrong one, takes what is redirected",
    todo:
      "Start kuma-dp as the user that was installed, with the ports that were installed: 'kumactl status " +
      "transparent-proxy --show-config' names both.",
  },
  "KUMA-CHK-023": {
    title: "An installation was killed on its way",
    todo:
      "Run 'kumactl install transparent-proxy' again: it puts the rest right. What is in place meanwhile is whole, old or new.",
  },
  "KUMA-CHK-024": {
    title: "Two backends redirect at once",
    todo:
      "Run 'kumactl install transparent-proxy' again: it removes the rules of the other backend.",
  },
  "KUMA-CHK-025": {
    title: "The transparent proxy was installed by another version",
    todo: "Run 'kumactl install transparent-proxy' with the same settings.",
  },
  "KUMA-CHK-026": {
    title: "The host has changed since the installation",
    todo:
      "Run 'kumactl install transparent-proxy' with the same settings: it looks at resolv.conf, addresses and interfaces anew.",
  },
  "KUMA-CHK-027": {
    title: "The transparent proxy does not survive a reboot",
    todo:
      "Install it with --persist systemd, which writes a unit that does the same before the network is up, or with " +
      "--store-firewalld where firewalld runs.",
  },
  "KUMA-CHK-028": {
    title: "The user of kuma-dp has another number than at the installation",
    todo: "Run 'kumactl install transparent-proxy' again: rules hold the number of the user.",
  },
  "KUMA-CHK-029": {
    title: "The loopback interface is down",
    todo: "Bring it up (ip link set lo up): what is sent and redirected goes to the proxy by it.",
  },
  "KUMA-CHK-101": {
    title: "The API server asks no injector about pods",
    todo:
      "Install the control plane, or apply its webhook configurations again: without them no pod gets a " +
      "sidecar.",
  },
  "KUMA-CHK-102": {
    title: "No pod of the injector is ready",
    todo:
      "Look at the injector's pods with 'kubectl describe' and 'kubectl logs': while none is ready, pods of " +
      "the mesh are refused, or made without a sidecar.",
  },
  "KUMA-CHK-103": {
    title: "The API server does not trust the injector's certificate",
    todo:
      "Restart the injector, which writes its CA into the webhook configurations; with a certificate of " +
      "your own, set its CA as caBundle.",
  },
  "KUMA-CHK-104": {
    title: "The injector's certificate is not of this time, or ends soon",
    todo:
      "Restart the injector, or let whoever makes the certificate renew it; see that the clocks are right.",
  },
  "KUMA-CHK-105": {
    title: "A pod that asks for a sidecar gets none",
    todo:
      "The API server's words say why: mend the network between it and the injector, the certificate, or " +
      "the injector itself.",
  },
  "KUMA-CHK-106": {
    title: "A program is not rolled out",
    todo: "Look at the pods that are missing with 'kubectl describe': images, resources, nodes.",
  },
  "KUMA-CHK-107": {
    title: "A program may not do what it needs",
    todo:
      "Apply the manifests of this version again: service accounts, roles and bindings are part of them.",
  },
  "KUMA-CHK-108": {
    title: "Versions differ",
    todo: "Finish the upgrade, and restart the workloads whose pods have an older sidecar.",
  },
  "KUMA-CHK-109": {
    title: "The CNI does not run on a node",
    todo:
      "See why its DaemonSet has no pod there (tolerations, node selector, resources): pods of the mesh " +
      "have no interception there.",
  },
  "KUMA-CHK-110": {
    title: "The CNI is not ready on a node",
    todo: "Look at the log of the CNI's pod on that node: it says what is missing.",
  },
  "KUMA-CHK-111": {
    title: "A taint hangs",
    todo:
      "See that the controller runs, that it may patch nodes, and that its setting cniApp is the label " +
      "'app' of the CNI's pods. 'kubectl taint nodes NAME NodeReadiness:NoSchedule-' frees a node by hand.",
  },
  "KUMA-CHK-112": {
    title: "A pod asks for a sidecar and has none",
    todo: "Restart its workload; 'kumactl explain pod' says why the pod has none.",
  },
  "KUMA-CHK-113": {
    title: "Traffic of a pod with a sidecar is not intercepted",
    todo:
      "'kumactl explain pod' says why; a pod that started before the CNI was ready has to be made anew.",
  },
  "KUMA-CHK-114": {
    title: "A pod of the mesh has no Dataplane",
    todo:
      "'kumactl explain pod' says which Dataplane it should have, and what keeps it from being made; see " +
      "that the controller runs.",
  },
  "KUMA-CHK-115": {
    title: "A mesh that pods name does not exist",
    todo: "Create the Mesh, or correct the label kuma.io/mesh of the pods or of their namespace.",
  },
  "KUMA-CHK-116": {
    title: "A label or annotation about injection means nothing",
    todo:
      "Use the label kuma.io/sidecar-injection with the value enabled or disabled, on the namespace or on " +
      "the pod.",
  },
} as const satisfies Readonly<Record<string, CodeText>>;
