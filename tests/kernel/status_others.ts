/**
 * States of what others have in front of our rules, for the test of `kumactl status`.
 *
 * @module
 */
import { change, INSTALL, NFT, type State } from "./status_state.ts";

/** Rules of others, and servers of DNS. */
export const OTHERS_STATES: readonly State[] = [
  {
    name: "an ACCEPT of others was there before ours",
    before: ["iptables-nft -t nat -A OUTPUT -p tcp --dport 81 -j ACCEPT", INSTALL],
    code: 1,
    words:
      /do not do what was wanted:\n {2}a rule of others comes before ours: -A OUTPUT .*81 -j ACCEPT/,
  },
  {
    name: "an ACCEPT of others was put before ours",
    before: [INSTALL, "iptables-nft -t nat -I PREROUTING -p tcp --dport 81 -j ACCEPT"],
    code: 1,
    words: /comes before ours: -A PREROUTING .*81 -j ACCEPT/,
  },
  {
    name: "an ACCEPT of others stands behind ours",
    before: [INSTALL, "iptables-nft -t nat -A OUTPUT -p tcp --dport 81 -j ACCEPT"],
    code: 0,
    words: /in place/,
  },
  {
    name: "others redirect first",
    before: ["iptables-nft -t nat -A OUTPUT -p tcp -j REDIRECT --to-ports 99", INSTALL],
    code: 1,
    words: /comes before ours: -A OUTPUT -p tcp -j REDIRECT --to-ports 99/,
  },
  {
    name: "others keep packets from connection tracking",
    before: [INSTALL, "iptables-nft -t raw -A OUTPUT -p tcp -j CT --notrack"],
    code: 1,
    words: /comes before ours: -t raw -A OUTPUT -p tcp -j CT --notrack/,
  },
  {
    name: "others drop first: nothing passes us by",
    before: [INSTALL, "iptables-nft -t mangle -A PREROUTING -p tcp --dport 99 -j DROP"],
    code: 0,
    words: /Beside:\n {2}others take packets first: -t mangle -A PREROUTING .*--dport 99 -j DROP/,
  },
  {
    name: "others rewrite first, as Docker does for a published port",
    before: ["iptables-nft -t nat -A PREROUTING -p tcp --dport 8 -j DNAT --to 10.7.0.9", INSTALL],
    code: 0,
    words: /others take packets first: -A PREROUTING .*-j DNAT/,
  },
  {
    name: "an ACCEPT in the other flavour of iptables",
    before: ["iptables-legacy -t nat -A OUTPUT -p tcp --dport 82 -j ACCEPT", INSTALL],
    code: 1,
    words: /comes before ours: -A OUTPUT .*--dport 82 -j ACCEPT/,
  },
  {
    name: "nftables of others: what is not tracked, and what is dropped",
    before: [
      `${INSTALL} ${NFT}`,
      "nft add table inet theirs",
      "nft add chain inet theirs out { type filter hook output priority -310 ; }",
      "nft add chain inet theirs more",
      "nft add rule inet theirs out jump more",
      `nft add rule inet theirs more tcp dport 98 notrack comment '"theirs"'`,
      "nft add rule inet theirs out tcp dport 99 drop",
    ],
    code: 1,
    words:
      /chain more, handle \d+ "theirs": notrack[^]*take packets first: table inet theirs, chain out, handle \d+: drop/,
  },
  {
    name: "nftables of others: an accept ends no chain of ours",
    before: [
      `${INSTALL} ${NFT}`,
      "nft add table ip theirs",
      "nft add chain ip theirs out { type nat hook output priority -150 ; }",
      "nft add rule ip theirs out accept",
    ],
    code: 0,
    words: /in place \(nftables\)/,
  },
  {
    name: "nftables of others redirect first",
    before: [
      "nft add table ip theirs",
      "nft add chain ip theirs out { type nat hook output priority -150 ; }",
      "nft add rule ip theirs out tcp dport 80 redirect to :99",
      INSTALL,
    ],
    code: 1,
    words: /comes before ours: table ip theirs, chain out, handle \d+: redirect/,
  },
  {
    name: "resolv.conf names another server",
    before: [`${INSTALL} --redirect-dns`, change("/etc/resolv.conf", "s/10.9.9.9/10.8.8.8/")],
    code: 1,
    words: /resolv\.conf names 10\.8\.8\.8 now, and named 10\.9\.9\.9 at the installation/,
  },
  {
    name: "resolv.conf names no server any more",
    before: [`${INSTALL} --redirect-dns ${NFT}`, change("/etc/resolv.conf", "s/.*/# none/")],
    code: 1,
    words: /resolv\.conf names no server now, and named 10\.9\.9\.9/,
  },
  {
    name: "resolv.conf does not matter where all DNS is taken",
    before: [
      `${INSTALL} --redirect-all-dns-traffic`,
      change("/etc/resolv.conf", "s/10.9.9.9/10.8.8.8/"),
    ],
    code: 0,
    words: /in place/,
  },
];
