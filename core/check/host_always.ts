/**
 * The checks of a host, or of a network namespace, that count before an installation and afterwards.
 *
 * @module
 */
import type { SectionDefinition } from "./definition.ts";

/** Who resolves names here. */
const RESOLVER = {
  title: "Resolver",
  checks: {
    "resolver-servers": {
      title: "resolv.conf names the servers whose traffic is redirected",
      code: "KUMA-TP-209",
      todo: "name a server in resolv.conf, or give --redirect-all-dns-traffic",
      about:
        "With `--redirect-dns` only the servers of resolv.conf are redirected, each family for itself. Where it names none, " +
        "names of the mesh are not resolved.",
    },
    "resolver-loop": {
      title: "The host's own resolver is not redirected to itself",
      code: "KUMA-CHK-003",
      todo: "leave its queries alone, as the message says",
      about:
        "With `--redirect-all-dns-traffic`, on a host whose resolv.conf names a resolver of its own (systemd-resolved at " +
        "127.0.0.53, dnsmasq), that resolver's own queries are redirected, too, and come back to it: one query becomes " +
        "thousands.",
    },
  },
} as const satisfies SectionDefinition;

/** Rules and programs of others. */
const OTHERS = {
  title: "Rules of others",
  checks: {
    "others-ahead": {
      title: "No rule of others keeps traffic from the proxy",
      code: "KUMA-CHK-005",
      todo: "remove it, move it behind ours, or set insertRedirectInsteadOfAppend",
      about:
        "A rule of others that ends the chain (ACCEPT, RETURN) ahead of ours in table nat: what it matches is not intercepted, " +
        "and bypasses the mesh without a word. Sometimes that is wanted, so it is a warning.",
    },
    "others-input": {
      title: "The firewall lets redirected connections in",
      code: "KUMA-CHK-006",
      todo: "let TCP to the inbound port of the proxy in, as the message says",
      about:
        "A firewall sees a redirected connection with the proxy's port (15006) and not with the port that was called. One that " +
        "lets in known ports alone drops it. Rules of table filter are followed as far as they do not depend on more than " +
        "the port; of chains of nftables only the policy is looked at.",
    },
    "others-mesh": {
      title: "No other mesh redirects here",
      code: "KUMA-CHK-007",
      todo: "uninstall the one that you do not want",
      about:
        "Chains of Istio, Linkerd or Consul in table nat: two meshes that redirect the same traffic end in circles, or leave " +
        "one of them without any.",
    },
    "others-firewalld": {
      title: "firewalld keeps the rules",
      code: "KUMA-CHK-008",
      todo: "give --store-firewalld, or --firewall-backend nftables",
      about:
        "A reload of firewalld may flush all rules of iptables, ours with them. `--store-firewalld` writes them to " +
        "`direct.xml`, too; a table of nftables of our own is not touched by firewalld.",
    },
    "others-kube-proxy": {
      title: "No kube-proxy rewrites addresses of Services first",
      code: "KUMA-CHK-008",
      todo: "on nodes of a cluster install the CNI, which redirects pods and not the node",
      about:
        "Rules of kube-proxy stand ahead of ours and end the chain for addresses of Services: what this host sends to them is " +
        "not intercepted.",
    },
    "others-docker": {
      title: "Docker's containers are not forgotten",
      code: "KUMA-CHK-008",
      todo: "give --vnet docker0:172.17.0.0/16, or the network that your containers have",
      about:
        "What containers of Docker send is forwarded and not sent by this host: without `--vnet` its TCP is taken for inbound and goes " +
        "to the inbound port, and its DNS is not redirected. What arrives for a published port is Docker's where its rule stands " +
        "ahead of ours; Docker puts it behind those of iptables when it starts again, and with `--vnet` ours go first. " +
        "In a container with Docker's own DNS, connection tracking zones of DNS are off.",
    },
  },
} as const satisfies SectionDefinition;

/** What the kernel has only so much of. */
const LIMITS = {
  title: "Limits of the kernel",
  checks: {
    "limits-conntrack": {
      title: "Connection tracking has room",
      code: "KUMA-CHK-010",
      todo: "raise net.netfilter.nf_conntrack_max",
      about:
        "Every redirected connection takes an entry of the kernel's table of connections. When that is full, new connections " +
        "are dropped, which looks like a network that loses packets.",
    },
  },
} as const satisfies SectionDefinition;

/** All of them, in their order, by what names them in JSON. */
export const ALWAYS_SECTIONS = {
  resolver: RESOLVER,
  others: OTHERS,
  limits: LIMITS,
} as const satisfies Readonly<Record<string, SectionDefinition>>;
