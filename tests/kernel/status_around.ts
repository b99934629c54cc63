/**
 * States of listeners, users, notes and halves, for the test of `kumactl status`.
 *
 * @module
 */
import {
  change,
  CONNECT,
  INSTALL,
  listen,
  NFT,
  RECORD,
  type State,
  WAY_OUT,
} from "./status_state.ts";

/** What is around our rules. */
export const AROUND_STATES: readonly State[] = [
  {
    name: "nobody listens yet",
    before: [INSTALL],
    code: 0,
    words: /Beside:\n {2}nobody listens on the ports 15006, 15001: is kuma-dp running\?/,
  },
  {
    name: "the listener is gone, and connections are sent to it",
    before: [INSTALL, ...WAY_OUT, CONNECT],
    code: 1,
    words:
      /outbound 1 connection, inbound 0[^]*nobody listens on port 15001, and 1 connection was redirected to it/,
  },
  {
    name: "the same with nftables",
    before: [`${INSTALL} ${NFT}`, ...WAY_OUT, CONNECT, CONNECT],
    code: 1,
    words:
      /outbound 2 connections, inbound 0[^]*port 15001, and 2 connections were redirected to it/,
  },
  {
    name: "kuma-dp listens",
    before: [INSTALL, listen(15001, 5678), listen(15006, 5678)],
    code: 0,
    words:
      /inbound: {5}to port 15006, where user 5678 listens\n.*15001, where user 5678 listens\n[^B]*$/,
  },
  {
    name: "somebody else listens",
    before: [INSTALL, listen(15001, 1000)],
    code: 1,
    words:
      /user 1000 listens on port 15001, and not user 5678: what it sends is redirected to itself/,
  },
  {
    name: "the user has another number",
    before: [
      `${INSTALL} --kuma-dp-user kuma-dp`,
      change("/etc/passwd", "s/5678:5678/5679:5679/"),
    ],
    code: 1,
    words: /user kuma-dp has the UID 5679, and it was 5678 at the installation/,
  },
  {
    name: "the user is gone",
    before: [`${INSTALL} --kuma-dp-user kuma-dp`, change("/etc/passwd", "/^kuma-dp/d")],
    code: 1,
    words: /do not do what was wanted:\n.*kuma-dp.*; it was 5678 at the installation/,
  },
  {
    name: "another version installed it",
    before: [
      INSTALL,
      `sh -c 'sed -i "s/\\"version\\":\\"[^\\"]*\\"/\\"version\\":\\"0.0.9\\"/" ${RECORD}'`,
    ],
    code: 0,
    words: /by kumactl 0\.0\.9\n[^]*Beside:[^]*installed by version 0\.0\.9.*; this is \d/,
  },
  {
    name: "nothing is noted of the installation",
    before: [INSTALL, `sh -c 'rm ${RECORD}'`],
    ask: "--ip-family-mode ipv4",
    code: 0,
    words: /installed: {3}not known; compared with the settings given here/,
  },
  {
    name: "what is noted is about another namespace that had this inode",
    before: [
      INSTALL,
      `sh -c 'sed -i "s/\\"cookie\\":\\"[0-9]*\\"/\\"cookie\\":\\"1\\"/" ${RECORD}'`,
    ],
    code: 0,
    words: /installed: {3}not known/,
  },
  {
    name: "what is noted does not say of which namespace with this inode it is",
    before: [INSTALL, `sh -c 'sed -i "s/\\"cookie\\":\\"[0-9]*\\",//" ${RECORD}'`],
    code: 3,
    words: /^Error: .*an older version wrote it.*\[KUMA-TP-042\]\n/,
  },
  {
    name: "what is noted can be written by others",
    before: [INSTALL, `sh -c 'chmod 666 ${RECORD}'`],
    code: 3,
    words: /^Error: .* is not trusted: .*\[KUMA-HOST-131\]\n/,
  },
  {
    name: "what is noted makes no sense",
    before: [INSTALL, `sh -c 'echo {} > ${RECORD}'`],
    code: 3,
    words: /^Error: .*it is no record of an installation \[KUMA-TP-042\]\n/,
  },
  {
    name: "an installation was killed once its rules were in",
    before: [INSTALL, `sh -c 'sed -i "s/\\"record\\":/\\"intended\\":/" ${RECORD}'`],
    code: 0,
    words: /was killed before it noted that it was done: its rules are in place/,
  },
  {
    name: "an installation was killed halfway",
    before: [
      INSTALL,
      `sh -c 'sed -i "s/\\"record\\":/\\"intended\\":/" ${RECORD}'`,
      "iptables-nft -t nat -D OUTPUT 1",
    ],
    code: 1,
    words:
      /rules are not what was wanted:\n {2}an installation that began .* was killed halfway\n.*is missing/,
  },
  {
    name: "an installation was killed before its first rule",
    before: [
      INSTALL,
      `sh -c 'sed -i "s/\\"record\\":/\\"intended\\":/" ${RECORD}'`,
      "nft flush ruleset",
    ],
    code: 2,
    words: /absent\n[^]*was killed before it changed anything/,
  },
  {
    name: "half removed: chains are gone, and rules of another table are left",
    before: [
      `${INSTALL} --redirect-dns`,
      "iptables-nft -t nat -F",
      "iptables-nft -t nat -X",
    ],
    code: 1,
    words: /drifted \(iptables\)[^]*the chain is missing/,
  },
  {
    name: "half removed: a chain of nftables is empty",
    before: [`${INSTALL} ${NFT}`, "nft flush chain inet kuma-mesh nat-output-last"],
    code: 1,
    words: /chain nat-output-last: a rule is missing: .*jump KUMA_MESH_OUTBOUND/,
  },
  {
    name: "another backend than the one that is asked about",
    before: [INSTALL],
    ask: `--ip-family-mode ipv4 ${NFT}`,
    code: 1,
    words: /the table inet kuma-mesh is missing/,
  },
  {
    name: "the interface of a virtual network is not here",
    before: [`${INSTALL} --redirect-dns --vnet docker7:172.17.0.0/16`],
    code: 0,
    words: /the interface docker7 of a virtual network is not here/,
  },
  {
    name: "settings and their sources: variable, document, flag, default",
    before: [
      "env KUMA_TRANSPARENT_PROXY_REDIRECT_OUTBOUND_PORT=15002 kumactl install transparent-proxy " +
      "--config '{ipFamilyMode: ipv4, wait: 7}' --exclude-inbound-ports 22",
    ],
    ask: "--show-config",
    code: 0,
    words: new RegExp(
      "redirect\\.inbound\\.port: 15006 {2}# default\\n[^]*" +
        "redirect\\.inbound\\.excludePorts: \\[22\\] {2}# --exclude-inbound-ports\\n[^]*" +
        "redirect\\.outbound\\.port: 15002 {2}# KUMA_TRANSPARENT_PROXY_REDIRECT_OUTBOUND_PORT\\n[^]*" +
        'ipFamilyMode: "ipv4" {2}# --config\\n[^]*wait: 7 {2}# --config\\n',
    ),
  },
  {
    name: "somebody who is not root asks",
    before: [INSTALL],
    as: "setpriv --reuid 1000 --clear-groups --inh-caps=-all --bounding-set=-all",
    code: 3,
    words: /^Error: .*\[KUMA-(TP-043|TP-042|HOST-131)\]\n/,
  },
];
