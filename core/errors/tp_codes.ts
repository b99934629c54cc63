/**
 * Every `KUMA-TP-…` code: what it means and what to do. `kumactl explain` prints it, the README lists it.
 *
 * @module
 */

/** What `kumactl explain CODE` says about one code. */
export interface CodeText {
  /** What happened, a few words. */
  readonly title: string;
  /** What the person can do, one or two sentences. */
  readonly todo: string;
}

/** The codes of the transparent proxy: configuration, command line, annotations. */
export const TP_CODES = {
  "KUMA-TP-001": {
    title: "A value is not a port",
    todo: "Give decimal ports from 1 to 65535, several of them separated by commas: 22,8080.",
  },
  "KUMA-TP-002": {
    title: "A range of ports is malformed",
    todo: "Give a port or a range from the lower to the higher one, such as 8000-8080.",
  },
  "KUMA-TP-003": {
    title: "An exclusion of ports for UIDs is malformed",
    todo:
      "Its form is [[protocols:]ports:]uids: 1234, 443:1234, tcp,udp:53:1000-2000. The UIDs must be " +
      "one value or one range and may not be missing, else the traffic of every user would be excluded.",
  },
  "KUMA-TP-004": {
    title: "A value is not a UID",
    todo: "Give decimal UIDs from 0 to 4294967294; a range goes from the lower to the higher one.",
  },
  "KUMA-TP-005": {
    title: "A value is neither an IP address nor a CIDR",
    todo:
      "Give IPv4 or IPv6 addresses or CIDRs such as 10.0.0.1, 10.0.0.0/8 or fd00::/64, without host " +
      "names and without zones (%eth0).",
  },
  "KUMA-TP-006": {
    title: "A virtual network is malformed",
    todo: "Its form is IFACE:CIDR, such as docker0:172.17.0.0/16 or br+:fd00::/64.",
  },
  "KUMA-TP-007": {
    title: "A value is not a duration",
    todo: "Give a duration such as 300ms, 2s or 1m30s, or a whole number of nanoseconds.",
  },
  "KUMA-TP-008": {
    title: "A value is neither true nor false",
    todo:
      "Flags and environment variables take true or false; annotations take enabled, true, yes, " +
      "disabled, false or no.",
  },
  "KUMA-TP-009": {
    title: "A value is not an unsigned number",
    todo: "Give a whole number from 0 up, without sign.",
  },
  "KUMA-TP-010": {
    title: "The IP family mode is unknown",
    todo: "Use dualstack, ipv4 or ipv6.",
  },
  "KUMA-TP-011": {
    title: "The suffix of a chain's name cannot be used",
    todo:
      "Use letters, digits, '_', '.' and '-'; KUMA_MESH_ and the suffix may have 28 characters together, " +
      "and the four chains need four different names.",
  },
  "KUMA-TP-012": {
    title: "A text setting holds control characters or is too long",
    todo: "Remove line breaks and other control characters from the value.",
  },
  "KUMA-TP-013": {
    title: "The list of iptables executables is malformed",
    todo: "Its form is name:path[,name:path…]; name all three tools of a family, such as " +
      "iptables:/sbin/iptables,iptables-save:/sbin/iptables-save,iptables-restore:/sbin/iptables-restore.",
  },
  "KUMA-TP-014": {
    title: "The configuration document is not valid YAML or JSON",
    todo: "Mend the document at the line and column that the message names.",
  },
  "KUMA-TP-015": {
    title: "A setting of the configuration document has the wrong type",
    todo:
      "Mend the setting at the line and column that the message names; a port is a number without " +
      'quotes, a list of ports may be [80, 443] or "80,443".',
  },
  "KUMA-TP-016": {
    title: "The configuration document cannot be read or is too large",
    todo:
      "Check the path, its permissions and its size (at most 64 KiB); '--config-file -' reads stdin.",
  },
  "KUMA-TP-017": {
    title: "Settings contradict each other",
    todo: "Keep one of the two settings that the message names.",
  },
  "KUMA-TP-018": {
    title: "The command line is malformed",
    todo:
      "Run the command with --help to see its flags. A bool flag takes its value only after '='.",
  },
  "KUMA-TP-019": {
    title: "The command needs root",
    todo: "Run it with sudo, or add --dry-run to only see what it would do.",
  },
  "KUMA-TP-020": {
    title: "The capability CAP_NET_ADMIN is missing",
    todo: "Give it to the process: in a container add NET_ADMIN (and NET_RAW) to its capabilities.",
  },
  "KUMA-TP-021": {
    title: "The platform is not Linux",
    todo:
      "Run the command on the Linux host whose traffic is to be redirected; --dry-run works anywhere.",
  },
  "KUMA-TP-022": {
    title: "An annotation of the pod has a bad value",
    todo:
      "Mend the annotation that the message names on the pod's template and let the pod be recreated.",
  },
  "KUMA-TP-023": {
    title: "The eBPF mode has no instance IP",
    todo: "Give the address of the pod or host with --ebpf-instance-ip.",
  },
  "KUMA-TP-024": {
    title: "This host cannot do eBPF",
    todo:
      "The message says what it lacks. Give --ebpf-fallback to use firewall rules then, or run the " +
      "command without --ebpf-enabled. Nothing was changed.",
  },
  "KUMA-TP-025": {
    title: "The redirection does not work",
    todo:
      "Check that the rules are installed in this network namespace, that the command runs as the " +
      "kuma-dp user, and that --validation-server-port is the inbound redirect port.",
  },
  "KUMA-TP-026": {
    title: "The validation server cannot listen",
    todo: "The port is taken or needs a privilege: let the validator run before kuma-dp starts.",
  },
  "KUMA-TP-027": {
    title: "The code is not known",
    todo: "Run 'kumactl explain' without a code for the list.",
  },
  "KUMA-TP-028": {
    title: "The output cannot be written",
    todo: "Check where standard output goes, such as a full disk, then run the command again: it " +
      "finishes or puts back what it had begun.",
  },
  "KUMA-TP-029": {
    title: "The firewall backend is unknown",
    todo: "Give auto, nftables or iptables.",
  },
  "KUMA-TP-030": {
    title: "What redirects a pod's traffic cannot be read from the pod",
    todo:
      "Give a pod as the API server has it (kubectl get pod NAME -o json). Where a ContainerPatch lets kuma-init " +
      "run something else, or read a file, look at the rules in the pod instead.",
  },
  "KUMA-TP-040": {
    title: "The packet to explain cannot be read",
    todo: "Mend the flag that the message names: 'kumactl explain packet --help' shows them all.",
  },
  "KUMA-TP-042": {
    title: "The record of the installation cannot be read",
    todo:
      "Look at the file that the message names, remove it, and install again: the rules themselves do " +
      "not depend on it.",
  },
  "KUMA-TP-043": {
    title: "The firewall cannot be looked at",
    todo: "Run the command as root, or with CAP_NET_ADMIN, on a kernel with nf_tables or iptables.",
  },
  "KUMA-TP-044": {
    title: "The network namespace is named in no known way",
    todo: "Give the path of one, such as /run/netns/NAME, or the PID of a process in it.",
  },
  "KUMA-TP-046": {
    title: "A probe cannot be sent",
    todo:
      "The message says what is in its way. Probes are sent as root, from the network namespace whose rules are " +
      "asked about: name it by --netns, and an address that it has a route to.",
  },
} as const satisfies Readonly<Record<string, CodeText>>;
