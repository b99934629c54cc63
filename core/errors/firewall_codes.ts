/**
 * The `KUMA-TP-2xx` codes, which speak of the host's firewall: what each means and what to do, for
 * `kumactl explain`.
 *
 * @module
 */
import type { CodeText } from "./tp_codes.ts";

/** The codes of `core/host/firewall` and of `core/firewalld`. */
export const FIREWALL_CODES = {
  "KUMA-TP-201": {
    title: "No usable iptables was found",
    todo:
      "Install iptables 1.8 or newer (package 'iptables'), or name all three tools of a family with " +
      "--iptables-executables. The message says why each of nft and legacy cannot be used.",
  },
  "KUMA-TP-202": {
    title: "iptables lacks something that the rules cannot do without",
    todo:
      "Load the kernel modules that the message names (nat, xt_owner, xt_tcpudp) or install the " +
      "iptables package that belongs to this host.",
  },
  "KUMA-TP-203": {
    title: "The existing firewall rules cannot be read",
    todo: "Run the iptables-save program that the message names by hand and mend what it says.",
  },
  "KUMA-TP-204": {
    title: "iptables refuses the rules",
    todo:
      "Nothing was changed. The message has the words of iptables-restore --test; a missing kernel " +
      "module is the usual reason.",
  },
  "KUMA-TP-205": {
    title: "The rules could not be applied",
    todo:
      "The firewall was put back as it was. The message says which call the kernel refused. CHAIN_ADD failed " +
      "(Operation not supported): a native nft chain of that name, such as OUTPUT in the table ip nat, has " +
      "another hook or priority than iptables wants; 'nft list ruleset' shows it, and it has to be renamed. " +
      "RULE_APPEND failed, or no chain/target/match by that name: kernel modules are missing; the rules need " +
      "nat, xt_REDIRECT, xt_owner, xt_comment, xt_multiport, xt_CT and nf_conntrack.",
  },
  "KUMA-TP-206": {
    title: "Another program holds the xtables lock",
    todo:
      "Nothing was changed. Run the command again, or give it more time with --wait SECONDS and " +
      "--max-retries.",
  },
  "KUMA-TP-207": {
    title: "The rules in the kernel are not those that were applied",
    todo: "Another program changed the firewall at the same time: run the command again.",
  },
  "KUMA-TP-208": {
    title: "The rules could not be applied, nor the old ones put back",
    todo: "Run 'kumactl uninstall transparent-proxy', look at iptables-save, then install again.",
  },
  "KUMA-TP-209": {
    title: "The list of DNS servers cannot be read",
    todo: "Check the file of redirect.dns.resolvConfigPath, or redirect all DNS traffic with " +
      "--redirect-all-dns-traffic, which needs no list.",
  },
  "KUMA-TP-210": {
    title: "The kernel does not answer questions about its nftables",
    todo: "Run as root with CAP_NET_ADMIN.",
  },
  "KUMA-TP-211": {
    title: "IPv6 rules were asked for, but IPv6 cannot be used",
    todo: "The message says why. Give the host an IPv6 address and ip6tables, or use another " +
      "--ip-family-mode (of a pod: the annotation kuma.io/transparent-proxying-ip-family-mode: ipv4).",
  },
  "KUMA-TP-212": {
    title: "The journal of what was installed cannot be read or written",
    todo: "Check /run/kuma-transparent-proxy and its permissions.",
  },
  "KUMA-TP-213": {
    title: "Another run works on the same network namespace",
    todo: "Nothing was changed. Wait for the other kumactl or stop it, then run the command again.",
  },
  "KUMA-TP-230": {
    title: "The kernel refuses a change of nftables",
    todo:
      "Nothing was changed. The message has the kernel's words and the rule that they are about; a missing " +
      "kernel module (nft_chain_nat, nft_redir, nft_ct, nft_log) is the usual reason. " +
      "--firewall-backend iptables does without nftables' own rules.",
  },
  "KUMA-TP-231": {
    title: "The firewall backend that was asked for cannot be used here",
    todo:
      "Nothing was changed. The message says why; --firewall-backend auto takes one that can be used.",
  },
  "KUMA-TP-232": {
    title: "It is not known whether the kernel took a change of nftables",
    todo: "Run the command again: it looks at what is there and puts the rest right.",
  },
  "KUMA-TP-240": {
    title: "The installation cannot be made to outlive a restart of the machine",
    todo:
      "The message says why: a unit or file of this name that somebody else wrote, a program that other " +
      "users may change, servers of DNS that are not known yet when the machine starts " +
      "(--redirect-all-dns-traffic needs none), or another network namespace than systemd's.",
  },
  "KUMA-TP-221": {
    title: "firewalld's direct.xml is malformed",
    todo: "Mend the file at the line and column that the message names; it was not touched.",
  },
  "KUMA-TP-222": {
    title: "firewalld's direct.xml cannot be read or written",
    todo: "Check the path and its permissions; the old file was not touched.",
  },
} as const satisfies Readonly<Record<string, CodeText>>;
