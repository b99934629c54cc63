import { difference as row, type DifferenceSection } from "./difference.ts";

/** Interception by eBPF, and what installs all of it. */
export const EBPF: DifferenceSection = {
  title: "eBPF",
  differences: [
    row(
      "what `--ebpf-enabled` does",
      "nothing on a host: iptables rules are installed; in a cluster Merbridge's programs",
      "programs of our own, on hosts and in clusters",
      "what was asked for is done",
      "a kernel of 5.7 or newer; `kuma-ebpf-loader check` says what is missing",
    ),
    row(
      "a host or pod that cannot have eBPF",
      "iptables rules, or a pod that passes by the mesh",
      "an error (KUMA-TP-024; with the CNI, ADD fails)",
      "interception that is silently not there",
      '`--ebpf-fallback`, or `"fallback": true` in the plugin\'s entry, for firewall rules in its place',
    ),
    row(
      "`--ebpf-tc-attach-iface`, `--ebpf-programs-source-path` and their settings",
      "choose interface and programs",
      "taken and ignored",
      "every interface of the pod has a program, and the programs are part of the binary",
    ),
    row(
      "`kuma.io/transparent-proxying-ebpf: disabled` on a pod, with the CNI",
      "no effect",
      "firewall rules for that pod",
      "one pod may need what eBPF cannot do",
    ),
    row(
      "`--vnet`, LOG rules, `--drop-invalid-packets`, `--store-firewalld` with eBPF",
      "ignored",
      "ignored with a warning",
      "only a firewall can do them",
      "use iptables or nftables for them",
    ),
    row(
      "pods with users of their own (`hostUsers: false`)",
      "pass by the mesh",
      "in the mesh, by the users as the pod numbers them",
      "the programs see the node's user numbers, so ours are given those",
    ),
    row(
      "settings of a pod",
      "ports and the sidecar's user are those of the node's first pod; exclusions have no effect",
      "each pod has its own: ports, addresses, users, families, DNS",
      "the pod's configuration is what its owner reads",
    ),
    row(
      "a sidecar that does not listen",
      "connections pass by the mesh",
      "they are refused",
      "as with iptables: interception that is silently not there",
    ),
    row(
      "IPv6, and IPv4 in sockets of IPv6 (Java, .NET)",
      "never intercepted",
      "intercepted",
      "a mesh with a hole for some languages is none",
    ),
    row(
      "programs of others on the same control group",
      "replaced, or kept out",
      "kept; one that is exclusive keeps ours out, with an error",
      "two tools must be able to share a node",
    ),
    row(
      "an upgrade",
      "the old programs stay for ever",
      "each program is replaced in one step; pods and counters stay",
      "a release that mends something must mend it on running nodes",
    ),
    row(
      "`uninstall --ebpf-enabled`",
      "removes files; programs stay attached and intercept on",
      "removes this pod or host, and with the last one all programs and maps",
      "what is uninstalled is gone",
    ),
    row(
      "with the CNI",
      "Merbridge's image in place of Kuma's CNI",
      "`kuma-ebpf-loader` beside `install-cni`; the plugin adds each pod before its containers run",
      "no connection is too early",
      "values `ebpf.image` in place of `cni.experimental`",
    ),
  ],
};
