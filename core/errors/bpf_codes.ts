import type { CodeText } from "./tp_codes.ts";

/** The `KUMA-BPF-…` codes, of the eBPF programs and their loader: what each means and what to do. */
export const BPF_CODES = {
  "KUMA-BPF-001": {
    title: "A pod has more exclusions for users than the eBPF programs look at",
    todo: "Write neighbouring ports as ranges, or use iptables for this pod.",
  },
  "KUMA-BPF-010": {
    title: "libbpf cannot be opened",
    todo: "Install libbpf 1.0 or newer (libbpf.so.1) with libelf and zlib; on Debian: libbpf1.",
  },
  "KUMA-BPF-011": {
    title: "The compiled eBPF programs cannot be used",
    todo: "The binary is damaged, or libbpf is too old for it: use libbpf 1.0 or newer.",
  },
  "KUMA-BPF-012": {
    title: "The kernel refuses an eBPF program or map",
    todo:
      "The message has the verifier's last lines. Run with CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON and " +
      "CAP_SYS_ADMIN on Linux 5.7 or newer, and look at /sys/kernel/security/lockdown.",
  },
  "KUMA-BPF-013": {
    title: "A map of the eBPF programs cannot be read or written",
    todo:
      "The message says which. A full map means more pods or more entries than it has room for.",
  },
  "KUMA-BPF-014": {
    title: "Something cannot be pinned in the BPF file system",
    todo: "Mount it: mount -t bpf bpf /sys/fs/bpf. In a container it must be the host's.",
  },
  "KUMA-BPF-015": {
    title: "An eBPF program cannot be attached",
    todo:
      "'bpftool cgroup tree' shows who else is attached; an exclusive program keeps all others out.",
  },
  "KUMA-BPF-016": {
    title: "An eBPF program cannot be attached to an interface",
    todo: "The kernel needs CONFIG_NET_SCH_INGRESS and CONFIG_NET_CLS_BPF.",
  },
  "KUMA-BPF-017": {
    title: "The cgroup cannot be opened",
    todo: "Give the folder of a cgroup of version 2; in a container, the host's must be mounted.",
  },
  "KUMA-BPF-018": {
    title: "The eBPF programs of the node are not loaded",
    todo: "Run 'kuma-ebpf-loader load' on this node first.",
  },
  "KUMA-BPF-019": {
    title: "The kernel gives network namespaces no cookie",
    todo:
      "Use Linux 5.14 or newer; from 5.7 on mount the node's control groups of version 2; or use iptables.",
  },
  "KUMA-BPF-020": {
    title: "The BPF file system cannot be worked in",
    todo:
      "Run as root, with the node's BPF file system mounted and writable: mount -t bpf bpf /sys/fs/bpf.",
  },
  "KUMA-BPF-021": {
    title: "Another loader of eBPF programs is at work",
    todo: "Wait for it, or end it if it hangs; then run the command again. Nothing was changed.",
  },
  "KUMA-BPF-022": {
    title: "This node lacks something that the eBPF programs need",
    todo:
      "Each line says one thing and what to do; 'kuma-ebpf-loader check' shows all of them again.",
  },
  "KUMA-BPF-023": {
    title: "The network namespace of a pod cannot be found",
    todo:
      "It lives, but by no path that the loader can reach: in a container, mount the node's /proc at /host/proc.",
  },
  "KUMA-BPF-024": {
    title: "A pod's users cannot be told from the node's",
    todo:
      "It has a user namespace of its own, and this kernel does not say how its users are numbered (Linux 6.3 does), or the sidecar's is none of them. Use iptables or nftables for it.",
  },
  "KUMA-BPF-025": {
    title: "The program was built without its eBPF programs",
    todo: "Run a compiled program: deno task build ebpf-loader.",
  },
  "KUMA-BPF-026": {
    title: "A command of kuma-ebpf-loader was given something that it cannot use",
    todo: "The message says which flag; 'kuma-ebpf-loader --help' shows what there is.",
  },
  "KUMA-BPF-027": {
    title: "The loader cannot listen for /healthz, /readyz and /metrics",
    todo: "Another program has the port: give another one with --port.",
  },
} as const satisfies Readonly<Record<string, CodeText>>;
