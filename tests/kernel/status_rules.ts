/**
 * States of our own rules, for the test of `kumactl status`.
 *
 * @module
 */
import { COMMENT, DUAL, INSTALL, LEGACY, NFT, type State, WAY_OUT } from "./status_state.ts";

/** States of our own rules. */
export const RULE_STATES: readonly State[] = [
  {
    name: "nothing was ever installed",
    before: [],
    code: 2,
    words: /^Transparent proxy: absent\n/,
  },
  {
    name: "only rules of others are here",
    before: ["iptables-nft -t nat -A OUTPUT -p tcp --dport 81 -j ACCEPT"],
    code: 2,
    words: /No rule of ours is in this network namespace/,
  },
  {
    name: "installed with iptables-nft",
    before: [INSTALL],
    code: 0,
    words: /^Transparent proxy: in place \(iptables\)\n {2}installed: {3}.* UTC by kumactl \d/,
  },
  {
    name: "installed with iptables-legacy",
    before: [`${INSTALL} ${LEGACY}`],
    code: 0,
    words: /in place \(iptables\)/,
  },
  {
    name: "installed with nftables",
    before: [`${INSTALL} --firewall-backend nftables`],
    code: 0,
    words: /in place \(nftables\)/,
  },
  {
    name: "installed without comments",
    before: [`${INSTALL} --disable-comments`],
    code: 0,
    words: /in place \(iptables\)/,
  },
  {
    name: "with DNS and other ports",
    before: [
      `${INSTALL} --redirect-all-dns-traffic --redirect-dns-port 15054 --redirect-inbound=false`,
    ],
    code: 0,
    words: /inbound: {5}not redirected\n.*outbound: {4}to port 15001.*\n.*DNS: {9}to port 15054/,
  },
  {
    name: "installed twice, the second time otherwise",
    before: [INSTALL, `${INSTALL} --exclude-inbound-ports 22`],
    ask: "--show-config",
    code: 0,
    words: /redirect\.inbound\.excludePorts: \[22\] {2}# --exclude-inbound-ports/,
  },
  {
    name: "compared with other settings",
    before: [INSTALL],
    ask: "--ip-family-mode ipv4 --exclude-inbound-ports 22",
    code: 1,
    words: /drifted[^]*a rule is missing: .*--dport 22 -j RETURN/,
  },
  {
    name: "a rule was deleted",
    before: [INSTALL, "iptables-nft -t nat -D KUMA_MESH_OUTBOUND 1"],
    code: 1,
    words: /chain KUMA_MESH_OUTBOUND: a rule is missing: .*127\.0\.0\.6/,
  },
  {
    name: "a chain was emptied",
    before: [`${INSTALL} ${LEGACY}`, "iptables-legacy -t nat -F KUMA_MESH_INBOUND"],
    code: 1,
    words: /chain KUMA_MESH_INBOUND: a rule is missing/,
  },
  {
    name: "the jump is gone",
    before: [INSTALL, `iptables-nft -t nat -D OUTPUT 1`],
    code: 1,
    words: /chain OUTPUT: a rule is missing: .*-j KUMA_MESH_OUTBOUND/,
  },
  {
    name: "somebody else's rule stands in our chain",
    before: [INSTALL, "iptables-nft -t nat -I KUMA_MESH_OUTBOUND -p tcp --dport 443 -j RETURN"],
    code: 1,
    words: /a rule is not ours: .*--dport 443 -j RETURN/,
  },
  {
    name: "rules in another order",
    before: [
      INSTALL,
      "iptables-nft -t nat -D KUMA_MESH_OUTBOUND 4",
      "iptables-nft -t nat -A KUMA_MESH_OUTBOUND -m comment --comment " +
      `'${COMMENT}/traffic of Envoy itself goes out' -m owner --uid-owner 5678 -j RETURN`,
    ],
    code: 1,
    words: /a rule is out of order/,
  },
  {
    name: "a rule of our table of nftables was deleted",
    before: [
      `${INSTALL} --firewall-backend nftables`,
      "nft flush chain inet kuma-mesh KUMA_MESH_INBOUND",
    ],
    code: 1,
    words: /drifted \(nftables\)[^]*KUMA_MESH_INBOUND: a rule is missing/,
  },
  {
    name: "our table of nftables was deleted",
    before: [`${INSTALL} --firewall-backend nftables`, "nft delete table inet kuma-mesh"],
    code: 2,
    words: /absent\n[^]*It was installed .* UTC: somebody has removed it since/,
  },
  {
    name: "both backends hold rules of ours",
    before: [
      INSTALL,
      "nft add table inet kuma-mesh",
      "nft add chain inet kuma-mesh KUMA_MESH_INBOUND",
    ],
    code: 1,
    words: /drifted \(nftables and iptables\)[^]*Rules stand in iptables and in nftables/,
  },
  {
    name: "uninstalled again",
    before: [INSTALL, "kumactl uninstall transparent-proxy"],
    code: 2,
    words: /No rule of ours is in this network namespace\.\n$/,
  },
  {
    name: "the record says another thing than what is in place, and names what is there",
    before: [
      `${INSTALL} --redirect-dns --config {redirect:{dns:{resolvConfigPath:/etc/resolv.conf}}}`,
    ],
    code: 0,
    words: /DNS: {9}to port 15053, where nobody listens/,
  },
  {
    name: "a PID that nobody has",
    before: [INSTALL],
    ask: "--netns 999999999",
    code: 3,
    words: /^Error: .*\/proc\/999999999\/ns\/net" does not exist \[KUMA-HOST-111\]/,
  },
  {
    name: "a namespace in no known form",
    before: [],
    ask: "--netns ../x",
    code: 1,
    words: /^Error: --netns: '\.\.\/x' is neither a PID nor a path \[KUMA-TP-044\]/,
  },
  {
    name: "with DNS by the servers of resolv.conf",
    before: [`${INSTALL} --redirect-dns`],
    code: 0,
    words: /DNS: {9}to port 15053/,
  },
  {
    name: "both families, iptables",
    before: ["ip address add fd99::1/128 dev lo", DUAL],
    code: 0,
    words: /in place \(iptables\)/,
  },
  {
    name: "both families, nftables",
    before: ["ip address add fd99::1/128 dev lo", `${DUAL} ${NFT}`],
    code: 0,
    words: /in place \(nftables\)/,
  },
  {
    name: "IPv6 alone",
    before: ["ip address add fd99::1/128 dev lo", `${DUAL} --ip-family-mode ipv6`],
    ask: "-o wide",
    code: 0,
    words:
      /in place \(iptables\)[^]* ipv6 nat PREROUTING: -p tcp -j KUMA_MESH_INBOUND {2}# inbound TCP/,
  },
  {
    name: "the address for Envoy's passthrough is gone",
    before: ["ip address add fd99::1/128 dev lo", DUAL, "ip address del ::6/128 dev lo"],
    code: 1,
    words: /ipv6: the address ::6\/128 of the loopback interface is missing/,
  },
  {
    name: "IPv6 came after the installation",
    before: [DUAL, ...WAY_OUT, "ip address add fd98::1/64 dev d0"],
    code: 1,
    words: /IPv6 addresses have come since the installation: IPv6 is not intercepted/,
  },
];
