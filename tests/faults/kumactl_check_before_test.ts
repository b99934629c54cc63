/** `kumactl check --pre` of the compiled program: states of one machine, each made on the real kernel. */
import assert from "node:assert/strict";
import { kumactlPath } from "tests/kernel/kumactl.ts";
import { run } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { AS_APP, CheckMachine, type State } from "./check_states.ts";

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");
const LEGACY = "iptables-legacy -t nat";
const NFT = "iptables-nft -t nat";
const EBPF = "--ebpf-enabled --ebpf-instance-ip 10.0.0.1 --ip-family-mode ipv4";
const NO_RIGHTS = "KUMA-TP-043 you are not root";

const STATES: readonly State[] = [
  {
    name: "a fresh machine",
    code: 0,
    found: { "rules-backend": "ok - iptables, as it is the default" },
  },
  {
    name: "no user for kuma-dp",
    args: "--kuma-dp-user nobody-here",
    code: 1,
    found: { "user-exists": "failed KUMA-HOST-150 'nobody-here'" },
  },
  {
    name: "root as the user of kuma-dp",
    args: "--kuma-dp-user root",
    code: 1,
    found: { "user-not-root": "failed KUMA-CHK-001" },
  },
  {
    name: "somebody who is not root",
    as: AS_APP,
    code: 1,
    found: {
      "rights-root": "failed KUMA-TP-019 user 1000",
      "rights-net-admin": "failed KUMA-TP-020",
      "rules-backend": `unknown ${NO_RIGHTS}`,
      "rules-accepted": `unknown ${NO_RIGHTS}`,
      "rules-ipv6": `unknown ${NO_RIGHTS}`,
      "tools-found": `unknown ${NO_RIGHTS}`,
      "tools-version": `unknown ${NO_RIGHTS}`,
      "tools-agree": `unknown ${NO_RIGHTS}`,
      "others-ahead": `unknown ${NO_RIGHTS}`,
      "others-input": `unknown ${NO_RIGHTS}`,
      "others-mesh": `unknown ${NO_RIGHTS}`,
      "others-firewalld": `unknown ${NO_RIGHTS}`,
      "others-kube-proxy": `unknown ${NO_RIGHTS}`,
      "others-docker": `unknown ${NO_RIGHTS}`,
      "leftover-rules": `unknown ${NO_RIGHTS}`,
      "leftover-notes": `unknown ${NO_RIGHTS}`,
      "user-exists": "ok - UID 5678",
      "port-inbound": "ok - 15006",
    },
  },
  {
    name: "root without the capability, as in a container",
    as: "setpriv --bounding-set -net_admin",
    args: "--ip-family-mode ipv4",
    code: 1,
    found: {
      "rights-net-admin": "failed KUMA-TP-020",
      "rules-backend": "unknown KUMA-TP-043 CAP_NET_ADMIN is missing",
      "rules-accepted": "unknown",
      "tools-found": "unknown",
      "tools-version": "unknown",
      "tools-agree": "unknown",
      "others-ahead": "unknown",
      "others-input": "unknown",
      "others-mesh": "unknown",
      "others-firewalld": "unknown",
      "others-kube-proxy": "unknown",
      "others-docker": "unknown",
      "leftover-rules": "unknown",
      "leftover-notes": "unknown",
    },
  },
  {
    name: "a backend that cannot be had with these settings",
    args: "--firewall-backend nftables --store-firewalld",
    code: 1,
    found: { "rules-backend": "failed KUMA-TP-231 storeFirewalld works with iptables only" },
  },
  {
    name: "nftables",
    args: "--firewall-backend nftables",
    code: 0,
    found: { "rules-accepted": "ok - nftables" },
  },
  {
    name: "a chain of somebody else has the name of one of iptables",
    before: [
      "nft add table ip nat",
      "nft 'add chain ip nat OUTPUT { type filter hook input priority 0 ; }'",
    ],
    code: 1,
    found: { "rules-accepted": "failed KUMA-TP-205 ip nat OUTPUT has the name" },
  },
  {
    name: "a chain of somebody else in table nat, of another name, and iptables' own",
    before: [
      `${NFT} -A OUTPUT -p tcp --dport 81 -j LOG`,
      "nft 'add chain ip nat other { type nat hook output priority -90 ; }'",
    ],
    code: 0,
    found: { "rules-accepted": "ok - iptables-nft" },
  },
  {
    name: "IPv6 is off on the loopback interface",
    before: [
      "ip link add d0 type veth peer name d1",
      "ip link set d0 up",
      "ip address add fd98::1/64 dev d0 nodad",
      "sysctl -q -w net.ipv6.conf.lo.disable_ipv6=1",
    ],
    code: 0,
    found: { "rules-ipv6": "warning KUMA-CHK-012 net.ipv6.conf.lo.disable_ipv6 is 1" },
    after: [
      "sysctl -q -w net.ipv6.conf.lo.disable_ipv6=0",
      "ip link delete d0",
      "ip address add fd99::1/128 dev lo",
    ],
  },
  {
    name: "IPv6 alone, on a machine without",
    before: ["ip address delete fd99::1/128 dev lo"],
    args: "--ip-family-mode ipv6",
    code: 1,
    found: { "rules-ipv6": "failed KUMA-TP-211 no IPv6 address but ::1" },
    after: ["ip address add fd99::1/128 dev lo"],
  },
  {
    name: "both families, on a machine without IPv6",
    before: ["ip address delete fd99::1/128 dev lo"],
    code: 0,
    found: { "rules-ipv6": "ok - no IPv6 address" },
    after: ["ip address add fd99::1/128 dev lo"],
  },
  {
    name: "eBPF without the right to load programs",
    as: "setpriv --bounding-set -sys_admin,-bpf,-perfmon",
    args: EBPF,
    code: 1,
    found: { "rules-ebpf": "failed KUMA-BPF-022 CAP_SYS_ADMIN" },
  },
  {
    name: "the same, with firewall rules in its place",
    as: "setpriv --bounding-set -sys_admin,-bpf,-perfmon",
    args: `${EBPF} --ebpf-fallback`,
    code: 0,
    found: { "rules-ebpf": "warning KUMA-BPF-022 CAP_SYS_ADMIN", "rules-accepted": "ok" },
  },
  {
    name: "no iptables",
    before: [
      "write /run/nothing ''",
      "mount --bind /run/nothing /usr/sbin/xtables-nft-multi",
      "mount --bind /run/nothing /usr/sbin/xtables-legacy-multi",
    ],
    args: "--firewall-backend iptables",
    code: 1,
    found: { "tools-found": "failed KUMA-TP-201 no usable iptables was found" },
    after: ["umount /usr/sbin/xtables-nft-multi", "umount /usr/sbin/xtables-legacy-multi"],
  },
  {
    name: "no iptables, and nobody asked for it",
    before: [
      "write /run/nothing ''",
      "mount --bind /run/nothing /usr/sbin/xtables-nft-multi",
      "mount --bind /run/nothing /usr/sbin/xtables-legacy-multi",
    ],
    code: 0,
    found: { "tools-found": "warning KUMA-TP-201 nftables is used" },
    after: ["umount /usr/sbin/xtables-nft-multi", "umount /usr/sbin/xtables-legacy-multi"],
  },
  {
    name: "programs of iptables that are named and cannot be used",
    args: "--iptables-executables iptables:/usr/sbin/iptables-nft",
    code: 0,
    found: { "tools-found": "warning KUMA-TP-201 the executables that were named cannot be used" },
  },
  {
    name: "somebody listens on the proxy's ports",
    before: ["listen 1000 tcp 15006", "listen 1000 tcp 15001", "listen 1000 udp 15053"],
    args: "--redirect-dns",
    code: 1,
    found: {
      "port-inbound": "failed KUMA-CHK-004 user 1000 listens on TCP port 15006",
      "port-outbound": "failed KUMA-CHK-004 user 1000 listens on TCP port 15001",
      "port-dns": "failed KUMA-CHK-004 user 1000 listens on UDP port 15053",
    },
  },
  {
    name: "kuma-dp listens there already",
    before: ["listen 5678 tcp 15006"],
    code: 0,
    found: { "port-inbound": "ok - 15006, kuma-dp's already" },
  },
  {
    name: "resolv.conf names nobody",
    before: ["write /etc/resolv.conf 'options ndots:5\n'"],
    args: "--redirect-dns",
    code: 0,
    found: { "resolver-servers": "warning KUMA-TP-209 names no server" },
  },
  {
    name: "resolv.conf is not where it should be",
    args: '--redirect-dns --config {"redirect":{"dns":{"resolvConfigPath":"/nowhere"}}}',
    code: 1,
    found: { "resolver-servers": "failed KUMA-TP-209 /nowhere" },
  },
  {
    name: "a resolver of this host would ask itself",
    before: ["write /etc/resolv.conf 'nameserver 127.0.0.53\n'", "listen 101 udp 53 127.0.0.53"],
    args: "--redirect-all-dns-traffic",
    code: 1,
    found: {
      "resolver-loop": "failed KUMA-CHK-003 127.0.0.53, a resolver of this host (user 101)",
    },
  },
  {
    name: "its own queries are left alone",
    before: ["write /etc/resolv.conf 'nameserver 127.0.0.53\n'", "listen 101 udp 53 127.0.0.53"],
    args: "--redirect-all-dns-traffic --exclude-outbound-ports-for-uids *:53:101",
    code: 0,
    found: { "resolver-loop": "ok" },
  },
  {
    name: "a resolver of this host that does not run yet",
    before: ["write /etc/resolv.conf 'nameserver 127.0.0.53\n'"],
    args: "--redirect-all-dns-traffic",
    code: 0,
    found: { "resolver-loop": "warning KUMA-CHK-003 127.0.0.53" },
  },
  {
    name: "an ACCEPT of others stands ahead",
    before: [`${NFT} -A OUTPUT -p tcp --dport 81 -j ACCEPT`],
    code: 0,
    found: { "others-ahead": "warning KUMA-CHK-005 -A OUTPUT -p tcp -m tcp --dport 81 -j ACCEPT" },
  },
  {
    name: "a firewall lets known ports in",
    before: [
      "iptables-nft -A INPUT -i lo -j ACCEPT",
      "iptables-nft -A INPUT -p tcp --dport 80 -j ACCEPT",
      "iptables-nft -P INPUT DROP",
    ],
    code: 1,
    found: { "others-input": "failed KUMA-CHK-006 TCP to port 15006 is dropped" },
  },
  {
    name: "a firewall lets the proxy's port in from some",
    before: [
      "iptables-nft -A INPUT -s 10.0.0.0/8 -p tcp --dport 15006 -j ACCEPT",
      "iptables-nft -A INPUT -j REJECT",
    ],
    code: 0,
    found: { "others-input": "warning KUMA-CHK-006 let in from some alone" },
  },
  {
    name: "a firewall lets the proxy's port in",
    before: [
      "iptables-nft -A INPUT -p tcp --dport 15006 -j ACCEPT",
      "iptables-nft -P INPUT DROP",
    ],
    code: 0,
    found: { "others-input": "ok" },
  },
  {
    name: "a firewall of nftables lets known ports in",
    before: [
      "nft add table inet fence",
      "nft 'add chain inet fence in { type filter hook input priority 0 ; policy drop ; }'",
    ],
    code: 0,
    found: { "others-input": "warning KUMA-CHK-006 inet fence in" },
  },
  {
    name: "Istio is here",
    before: [`${NFT} -N ISTIO_OUTPUT`],
    code: 1,
    found: { "others-mesh": "failed KUMA-CHK-007 Istio: ip nat ISTIO_OUTPUT" },
  },
  {
    name: "Linkerd and Consul are here",
    before: [`${NFT} -N PROXY_INIT_REDIRECT`, `${NFT} -N CONSUL_PROXY_OUTPUT`],
    code: 1,
    found: {
      "others-mesh": "failed KUMA-CHK-007 Linkerd: ip nat PROXY_INIT_REDIRECT; Consul: ip nat",
    },
  },
  {
    name: "firewalld is here",
    before: [
      "nft add table inet firewalld",
      "nft 'add chain inet firewalld nat_OUTPUT { type nat hook output priority -90 ; }'",
    ],
    code: 0,
    found: { "others-firewalld": "warning KUMA-CHK-008 its reload may flush ours" },
  },
  {
    name: "firewalld is to keep the rules",
    before: [
      "nft add table inet firewalld",
      "nft 'add chain inet firewalld nat_OUTPUT { type nat hook output priority -90 ; }'",
    ],
    args: "--store-firewalld",
    code: 0,
    found: { "others-firewalld": "ok - direct.xml" },
  },
  {
    name: "a node with kube-proxy",
    before: [`${NFT} -N KUBE-SERVICES`, `${NFT} -A OUTPUT -j KUBE-SERVICES`],
    code: 0,
    found: { "others-kube-proxy": "warning KUMA-CHK-008 ip nat KUBE-SERVICES" },
  },
  {
    name: "a host with Docker",
    before: [`${NFT} -N DOCKER`],
    code: 0,
    found: { "others-docker": "warning KUMA-CHK-008 no virtual network was named" },
  },
  {
    name: "a host with Docker, whose network is redirected, too",
    before: [`${NFT} -N DOCKER`],
    args: "--vnet docker0:172.17.0.0/16",
    code: 0,
    found: { "others-docker": "ok - docker0:172.17.0.0/16" },
  },
  {
    name: "a container with Docker's DNS",
    before: [`${NFT} -N DOCKER_OUTPUT`],
    args: "--redirect-all-dns-traffic",
    code: 0,
    found: { "others-docker": "warning KUMA-CHK-008 connection tracking zones are off" },
  },
  {
    name: "installed already",
    before: ["kumactl install transparent-proxy"],
    code: 0,
    found: {
      "leftover-rules": "ok - installed",
      "rules-backend": "ok - iptables, as it is in use already",
    },
  },
  {
    name: "rules of an installation of which nothing is known",
    before: [
      "kumactl install transparent-proxy --firewall-backend nftables",
      "rm -r /run/kuma-transparent-proxy",
    ],
    code: 0,
    found: { "leftover-rules": "warning KUMA-CHK-009 a table inet kuma-mesh" },
  },
  {
    name: "notes that others can write",
    before: ["mkdir /run/kuma-transparent-proxy", "chmod 777 /run/kuma-transparent-proxy"],
    code: 1,
    found: { "leftover-notes": "failed KUMA-HOST-131 may be written by others" },
  },
  {
    name: "resolv.conf was changed by an old release",
    before: ["write /etc/resolv.conf.kuma-backup 'nameserver 10.9.9.8\n'"],
    code: 0,
    found: { "leftover-resolv-conf": "warning KUMA-CHK-009" },
  },
  {
    // A real table of 262,144 connections is not filled here: the number is another file.
    name: "connection tracking is nearly full",
    before: [
      "write /run/count '262000\n'",
      "mount --bind /run/count /proc/sys/net/netfilter/nf_conntrack_count",
    ],
    code: 0,
    found: { "limits-conntrack": "warning KUMA-CHK-010 262000 of " },
    after: ["umount /proc/sys/net/netfilter/nf_conntrack_count"],
  },
  {
    name: "iptables-legacy has rules, too",
    before: [
      `${NFT} -A POSTROUTING -o d1 -j MASQUERADE`,
      `${LEGACY} -A POSTROUTING -o d0 -j MASQUERADE`,
    ],
    code: 0,
    found: {
      "tools-agree": "warning KUMA-CHK-002 ipv4: iptables-nft and iptables-legacy hold rules",
    },
    after: [`${LEGACY} -F`],
  },
];

test("kumactl check --pre: each state has its words, code and exit code", async (t) => {
  await using lab = await CheckMachine.create();
  for (const state of STATES) {
    await t.step(state.name, () => lab.holds({ ...state, args: `--pre ${state.args ?? ""}` }));
  }
  await t.step("an old iptables", async () => {
    const old = await lab.machine.putProgram(
      "iptables",
      '#!/bin/sh\n[ "$1" = --version ] && echo iptables v1.4.21\nexit 0\n',
    );
    const named = ["iptables", "iptables-save", "iptables-restore"].map((name) => `${name}:${old}`);
    const asked = `--pre --ip-family-mode ipv4 --iptables-executables ${named.join(",")}`;
    const { stdout } = await lab.run(`/run/kumactl check -o short ${asked}`);
    assert.match(stdout, /tools-version: .*\/iptables 1\.4\.21 \[KUMA-CHK-002\]/);
  });
  await t.step("somebody works over SSH", async () => {
    await lab.do("listen 0 tcp 22 127.0.0.1");
    const [program, ...entry] = lab.machine.entry;
    const args = [...entry, "busybox", "nc", "127.0.0.1", "22"];
    const session = new Deno.Command(program, { args, stdin: "piped", stdout: "null" }).spawn();
    try {
      await lab.established(22);
      const spared = await lab.run("/run/kumactl check --pre -o short --exclude-inbound-ports 22");
      assert.doesNotMatch(spared.stdout, /access-ssh/);
      const { stdout } = await lab.run("/run/kumactl check --pre -o short");
      assert.match(stdout, /access-ssh: .* SSH session may drop.*\[KUMA-CHK-011\]/);
    } finally {
      session.kill("SIGKILL");
      await session.stdin.close().catch(() => {});
      await session.status;
    }
  });
  await t.step(
    "a pod's network namespace: users and resolv.conf of this machine do not count",
    async () => {
      const done = await run(kumactlPath(), ["check", "--pre", "--netns", lab.netns]);
      assert.equal(done.code, 0, done.stdout);
      assert.match(done.stdout, /The user that runs kuma-dp is there: UID 5678/);
      assert.doesNotMatch(done.stdout, /notes of installations|resolv\.conf/);
    },
  );
  await t.step("a bad setting is a mistake of the command line, no finding", async () => {
    const done = await lab.run("/run/kumactl check --pre --vnet docker0");
    assert.deepEqual([done.code, done.stdout], [1, ""]);
    assert.match(done.stderr, /^Error: .* \[KUMA-TP-006\]\n/);
  });
});
