/**
 * The checks of a host, or of a network namespace, before an installation: `kumactl check --pre`.
 *
 * @module
 */
import type { SectionDefinition } from "./definition.ts";

/** Whether this process may do it. */
const RIGHTS = {
  title: "Rights",
  checks: {
    "rights-root": {
      title: "The command runs as root",
      code: "KUMA-TP-019",
      todo: "run it with sudo",
      about:
        "`kumactl install transparent-proxy` has to run as root. Without root most of the other checks cannot look at " +
        "what they are about.",
    },
    "rights-net-admin": {
      title: "The firewall may be changed (CAP_NET_ADMIN)",
      code: "KUMA-TP-020",
      todo: "in a container add NET_ADMIN and NET_RAW to the capabilities of the process",
      about: "In a container, root may lack the capability that changes of the firewall need.",
    },
  },
} as const satisfies SectionDefinition;

/** Whose traffic is left alone. */
const USER = {
  title: "User of kuma-dp",
  checks: {
    "user-exists": {
      title: "The user that runs kuma-dp is there",
      code: "KUMA-HOST-150",
      todo: "create it (useradd -u 5678 -U kuma-dp), or name one with --kuma-dp-user",
      about:
        "The traffic of kuma-dp's user is not redirected, else it would come back to kuma-dp. Only `/etc/passwd` is " +
        "looked at, as in Kuma. In another network namespace (`--netns`) a number needs no user.",
    },
    "user-not-root": {
      title: "kuma-dp has a user of its own",
      code: "KUMA-CHK-001",
      todo: "name another user with --kuma-dp-user, and run kuma-dp as that one",
      about:
        "What runs as the user of kuma-dp is not redirected. With root as that user, all that root runs bypasses the mesh.",
    },
  },
} as const satisfies SectionDefinition;

/** What writes rules, and whether the kernel takes them. */
const RULES = {
  title: "Kernel and rules",
  checks: {
    "rules-backend": {
      title: "There is something to write the rules with",
      code: "KUMA-TP-231",
      todo: "leave --firewall-backend at auto, or load the kernel's nf_tables",
      about:
        "Rules are written through nftables (the kernel's nf_tables) or by the host's iptables; `--firewall-backend auto` " +
        "takes what the host uses already. The check says which one an installation would take, and why.",
    },
    "rules-accepted": {
      title: "The kernel takes the rules",
      code: "KUMA-TP-204",
      todo: "load the kernel modules that the message names",
      about:
        "The rules of these settings are made as an installation would make them, and handed to the kernel to be " +
        "checked and not applied (a dry run): NAT, conntrack, owner and the other matches have to be there. With " +
        "iptables-legacy the kernel cannot check without making tables; then only what iptables itself knows counts.",
    },
    "rules-ipv6": {
      title: "IPv6 is redirected, too",
      code: "KUMA-CHK-012",
      todo: "mend what the message names, or give --ip-family-mode ipv4 if that is what you want",
      about:
        "A host that has an IPv6 address and no rules for it sends and takes connections past the mesh. Where the host has " +
        "no IPv6 address there is nothing to redirect.",
    },
    "rules-ebpf": {
      title: "The host can do eBPF",
      code: "KUMA-BPF-022",
      todo: "mount or load what the message names, or leave --ebpf-enabled out",
      about:
        "Only with `--ebpf-enabled`: libbpf, kernel, capabilities, control groups of version 2 and the BPF file system, as " +
        "the installation needs them. With `--ebpf-fallback` firewall rules take the place of eBPF, and it is a warning.",
    },
  },
} as const satisfies SectionDefinition;

/** The programs of iptables. */
const TOOLS = {
  title: "iptables",
  checks: {
    "tools-found": {
      title: "iptables is there",
      code: "KUMA-TP-201",
      todo: "install the package iptables (1.8 or newer), or give --firewall-backend nftables",
      about:
        "Where iptables writes the rules, its three programs (iptables, iptables-save, iptables-restore) are needed, and the " +
        "same for IPv6. The check says which ones would be used.",
    },
    "tools-version": {
      title: "iptables is new enough",
      code: "KUMA-CHK-002",
      todo: "install iptables 1.8 or newer",
      about:
        "Versions before 1.8 do not say whether they write to nf_tables or to the older tables, and are tried by nobody " +
        "with these rules.",
    },
    "tools-agree": {
      title: "iptables-nft and iptables-legacy are not mixed",
      code: "KUMA-CHK-002",
      todo:
        "find out which program writes the other kind, and move its rules (update-alternatives --config iptables)",
      about:
        "Linux can hold rules of both, in tables of their own. Where both have rules of nat, a packet passes both, and " +
        "what redirects first wins. The rules are put where most of the host's are; this names what is in the other place.",
    },
  },
} as const satisfies SectionDefinition;

/** Where the proxy is to listen. */
const PORTS = {
  title: "Ports of the proxy",
  checks: {
    "port-inbound": {
      title: "The inbound port is free, or kuma-dp's",
      code: "KUMA-CHK-004",
      todo: "stop what listens there, or give --redirect-inbound-port",
      about:
        "All that arrives is redirected to this port (15006). What listens there as another user than kuma-dp would get it.",
    },
    "port-outbound": {
      title: "The outbound port is free, or kuma-dp's",
      code: "KUMA-CHK-004",
      todo: "stop what listens there, or give --redirect-outbound-port",
      about: "The same for what this host sends (15001).",
    },
    "port-dns": {
      title: "The DNS port is free, or kuma-dp's",
      code: "KUMA-CHK-004",
      todo: "stop what listens there, or give --redirect-dns-port",
      about: "The same for DNS (15053), where DNS is to be redirected.",
    },
  },
} as const satisfies SectionDefinition;

/** What is there of an earlier installation. */
const LEFTOVERS = {
  title: "Earlier installations",
  checks: {
    "leftover-rules": {
      title: "No rules of an unknown installation are here",
      code: "KUMA-CHK-009",
      todo: "'kumactl uninstall transparent-proxy' takes them out; an installation replaces them",
      about:
        "Rules in chains `KUMA_MESH_…`, a table `inet kuma-mesh` or eBPF programs, of which nothing is noted: of Kuma's own " +
        "kumactl, of kuma-init or kuma-cni, or of an installation whose notes are lost. An installation replaces them.",
    },
    "leftover-notes": {
      title: "The notes of installations can be read and written",
      code: "KUMA-TP-212",
      todo:
        "look at what is there, then remove it, or give it to root alone (chown root:root, chmod go-w)",
      about:
        "`/run/kuma-transparent-proxy` holds what an uninstall has to know. If others can write there, nothing of it is " +
        "believed, and installations are refused. If nobody can (a read-only file system, a full one), rules can be installed, " +
        "and it is a warning.",
    },
    "leftover-resolv-conf": {
      title: "resolv.conf is not one that an old release has changed",
      code: "KUMA-CHK-009",
      todo: "'kumactl uninstall transparent-proxy' gives the old one back",
      about:
        "Releases of Kuma before 1.8 changed `/etc/resolv.conf` and kept the old one as `/etc/resolv.conf.kuma-backup`.",
    },
  },
} as const satisfies SectionDefinition;

/** Who is at work here. */
const ACCESS = {
  title: "Access to this host",
  checks: {
    "access-ssh": {
      title: "No SSH session would be cut off",
      code: "KUMA-CHK-011",
      todo: "give --exclude-inbound-ports 22, or have another way into this host",
      about:
        "Somebody works on this host over SSH, and with these settings new connections to port 22 would be redirected to " +
        "the proxy, or packets of unknown connections dropped.",
    },
  },
} as const satisfies SectionDefinition;

/** All of them, in their order, by what names them in JSON. */
export const BEFORE_SECTIONS = {
  rights: RIGHTS,
  user: USER,
  rules: RULES,
  tools: TOOLS,
  ports: PORTS,
  leftovers: LEFTOVERS,
  access: ACCESS,
} as const satisfies Readonly<Record<string, SectionDefinition>>;
