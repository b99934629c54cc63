/** `kumactl check` of the compiled program after an installation: states of one machine, each made on the real kernel. */
import assert from "node:assert/strict";
import { kumactlPath } from "tests/kernel/kumactl.ts";
import { run } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { AS_APP, CheckMachine, type State } from "./check_states.ts";

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");
const INSTALL = "kumactl install transparent-proxy";
const KUMA_DP = ["listen 5678 tcp 15006", "listen 5678 tcp 15001"];
const WELL = [INSTALL, ...KUMA_DP];
const REBOOT = { "place-reboot": "warning KUMA-CHK-027" };
const NO_RIGHTS = "unknown KUMA-TP-043 you are not root";
const RECORD = "/run/kuma-transparent-proxy";

const STATES: readonly State[] = [
  {
    name: "nothing is installed",
    code: 1,
    found: { "proxy-installed": "failed KUMA-CHK-020 no rule of ours" },
  },
  {
    name: "all is well, by iptables",
    before: WELL,
    code: 0,
    found: {
      ...REBOOT,
      "proxy-installed": "ok - iptables, since 20",
      "proxy-as-wanted": "ok - as it was installed",
      "listens-inbound": "ok - user 5678, TCP port 15006",
    },
  },
  {
    name: "all is well, by nftables, with DNS",
    before: [
      `${INSTALL} --firewall-backend nftables --redirect-dns`,
      ...KUMA_DP,
      "listen 5678 udp 15053",
    ],
    code: 0,
    found: { ...REBOOT, "proxy-installed": "ok - nftables, since 20", "listens-dns": "ok" },
  },
  {
    name: "nobody listens",
    before: [`${INSTALL} --redirect-dns`],
    code: 1,
    found: {
      ...REBOOT,
      "listens-inbound": "failed KUMA-CHK-022 nobody listens on TCP port 15006",
      "listens-outbound": "failed KUMA-CHK-022 nobody listens on TCP port 15001",
      "listens-dns": "failed KUMA-CHK-022 nobody listens on UDP port 15053",
    },
  },
  {
    name: "the wrong user listens",
    before: [INSTALL, "listen 1000 tcp 15006", "listen 5678 tcp 15001"],
    code: 1,
    found: {
      ...REBOOT,
      "listens-inbound":
        "failed KUMA-CHK-022 user 1000 listens on TCP port 15006, and kuma-dp's user is 5678",
    },
  },
  {
    name: "what arrives from elsewhere is not taken",
    before: [INSTALL, "listen 5678 tcp 15006 127.0.0.1", "listen 5678 tcp 15001"],
    code: 1,
    found: { ...REBOOT, "listens-inbound": "failed KUMA-CHK-022 the loopback interface alone" },
  },
  {
    name: "IPv6 is not taken",
    before: [INSTALL, "listen 5678 tcp 15006 0.0.0.0", "listen 5678 tcp 15001"],
    code: 0,
    found: { ...REBOOT, "listens-inbound": "warning KUMA-CHK-022 it takes IPv4 alone" },
  },
  {
    name: "a rule was deleted",
    before: [...WELL, "iptables-nft -t nat -D KUMA_MESH_OUTBOUND 1"],
    code: 1,
    found: {
      ...REBOOT,
      "proxy-as-wanted":
        "failed KUMA-CHK-021 table nat, chain KUMA_MESH_OUTBOUND: a rule is missing",
    },
  },
  {
    name: "a chain of nftables was emptied",
    before: [
      `${INSTALL} --firewall-backend nftables`,
      ...KUMA_DP,
      "nft flush chain inet kuma-mesh KUMA_MESH_INBOUND",
    ],
    code: 1,
    found: {
      ...REBOOT,
      "proxy-as-wanted": "failed KUMA-CHK-021 KUMA_MESH_INBOUND: a rule is missing",
    },
  },
  {
    name: "other settings are asked for",
    before: WELL,
    args: "--exclude-inbound-ports 22",
    code: 1,
    found: { ...REBOOT, "proxy-as-wanted": "failed KUMA-CHK-021 --dport 22 -j RETURN" },
  },
  {
    name: "the servers of resolv.conf have changed",
    before: [
      `${INSTALL} --redirect-dns`,
      ...KUMA_DP,
      "listen 5678 udp 15053",
      "write /etc/resolv.conf 'nameserver 10.9.9.10\n'",
    ],
    code: 1,
    found: {
      ...REBOOT,
      "proxy-as-wanted": "failed KUMA-CHK-021 -d 10.9.9.10 -p udp --dport 53",
      "place-fits": "failed KUMA-CHK-026 names 10.9.9.10 now, and named 10.9.9.9",
    },
  },
  {
    name: "somebody has removed it",
    before: [`${INSTALL} --firewall-backend nftables`, "nft delete table inet kuma-mesh"],
    code: 1,
    found: { "proxy-installed": "failed KUMA-CHK-020 UTC: somebody has removed it since" },
  },
  {
    name: "both backends hold rules",
    before: [
      ...WELL,
      "nft add table inet kuma-mesh",
      "nft add chain inet kuma-mesh KUMA_MESH_INBOUND",
    ],
    code: 1,
    found: {
      ...REBOOT,
      "proxy-one-backend": "failed KUMA-CHK-024 nftables and iptables hold rules",
    },
  },
  {
    name: "another version has installed it",
    before: [
      ...WELL,
      `sed -i s/"version":"[0-9.]*"/"version":"0.0.9"/ ${RECORD}/RECORD`,
    ],
    code: 0,
    found: { ...REBOOT, "proxy-version": "warning KUMA-CHK-025 it was installed by 0.0.9" },
  },
  {
    name: "the last installation was killed",
    before: [...WELL, `sed -i s/"record":/"intended":/ ${RECORD}/RECORD`],
    code: 0,
    found: { ...REBOOT, "proxy-finished": "warning KUMA-CHK-023 did not say how it ended" },
  },
  {
    name: "what was installed cannot be read",
    before: [...WELL, `write ${RECORD}/RECORD {`],
    code: 2,
    found: {
      "proxy-installed": "unknown KUMA-TP-042 cannot read",
      "others-ahead": "unknown KUMA-TP-042",
    },
  },
  {
    name: "others can write what was installed",
    before: [...WELL, `chmod 777 ${RECORD}`],
    code: 2,
    found: {
      "proxy-installed": "unknown KUMA-HOST-131 may be written by others",
      "others-ahead": "unknown KUMA-HOST-131",
    },
  },
  {
    name: "nothing was noted, as in a pod",
    before: [...WELL, `rm -r ${RECORD}`],
    code: 0,
    found: { ...REBOOT, "proxy-as-wanted": "ok - as these settings want it" },
  },
  {
    name: "kuma-dp's user has another number",
    before: [...WELL, "write /etc/passwd 'kuma-dp:x:5679:5679::/:/x\n'"],
    code: 1,
    found: { ...REBOOT, "place-user": "failed KUMA-CHK-028 it was 5678 at the installation" },
  },
  {
    name: "kuma-dp's user is gone",
    before: [...WELL, "write /etc/passwd ''"],
    code: 1,
    found: { ...REBOOT, "place-user": "failed KUMA-CHK-028 it was 5678 at the installation" },
  },
  {
    name: "the loopback interface is down",
    before: [`${INSTALL} --ip-family-mode ipv4`, ...KUMA_DP, "ip link set lo down"],
    code: 1,
    found: { ...REBOOT, "place-loopback": "failed KUMA-CHK-029 lo is down" },
    after: ["ip link set lo up", "ip address add fd99::1/128 dev lo"],
  },
  {
    name: "an interface of a virtual network is not there",
    before: [`${INSTALL} --vnet gone0:10.1.0.0/16 --vnet l+:10.2.0.0/16`, ...KUMA_DP],
    code: 0,
    found: {
      ...REBOOT,
      "place-fits": "warning KUMA-CHK-026 the interface gone0 of a virtual network is not here",
    },
  },
  {
    name: "firewalld keeps it",
    before: [`${INSTALL} --store-firewalld`, ...KUMA_DP],
    code: 0,
    found: { "place-reboot": "ok - firewalld" },
    after: ["rm -rf /etc/firewalld"],
  },
  {
    name: "DNS goes in circles since",
    before: [
      `${INSTALL} --redirect-all-dns-traffic`,
      ...KUMA_DP,
      "listen 5678 udp 15053",
      "write /etc/resolv.conf 'nameserver 127.0.0.53\n'",
      "listen 101 udp 53 127.0.0.53",
    ],
    code: 1,
    found: { ...REBOOT, "resolver-loop": "failed KUMA-CHK-003 127.0.0.53" },
  },
  {
    name: "an ACCEPT of others came ahead since",
    before: [...WELL, "iptables-nft -t nat -I OUTPUT -p tcp --dport 81 -j ACCEPT"],
    code: 0,
    found: { ...REBOOT, "others-ahead": "warning KUMA-CHK-005 --dport 81 -j ACCEPT" },
  },
  {
    name: "a firewall came since",
    before: [...WELL, "iptables-nft -P INPUT DROP"],
    code: 1,
    found: { ...REBOOT, "others-input": "failed KUMA-CHK-006 TCP to port 15006 is dropped" },
  },
  {
    name: "another mesh came since",
    before: [...WELL, "iptables-nft -t nat -N ISTIO_OUTPUT"],
    code: 1,
    found: { ...REBOOT, "others-mesh": "failed KUMA-CHK-007 Istio" },
  },
  {
    name: "somebody who is not root, where all is well",
    before: WELL,
    as: AS_APP,
    code: 2,
    found: {
      "proxy-installed": NO_RIGHTS,
      "others-ahead": NO_RIGHTS,
      "others-input": NO_RIGHTS,
      "others-mesh": NO_RIGHTS,
      "others-firewalld": NO_RIGHTS,
      "others-kube-proxy": NO_RIGHTS,
      "others-docker": NO_RIGHTS,
      "listens-inbound": "ok",
      "place-loopback": "ok",
    },
  },
];

test("kumactl check: each state has its words, code and exit code", async (t) => {
  await using lab = await CheckMachine.create();
  for (const state of STATES) await t.step(state.name, () => lab.holds(state));

  await t.step("from outside: by the path of the namespace, and by a PID in it", async () => {
    for (const line of WELL) await lab.do(line);
    for (const netns of [lab.netns, String(lab.machine.pid)]) {
      const done = await run(kumactlPath(), ["check", "--netns", netns]);
      assert.equal(done.code, 0, done.stdout);
      assert.match(done.stdout, /kuma-dp listens on the inbound port: user 5678, TCP port\s+15006/);
      // Files of the machine that asks are not those of the namespace.
      assert.doesNotMatch(done.stdout, /reboot|resolv/);
    }
    await lab.reset();
  });

  await t.step("a namespace that cannot be looked at is neither well nor wrong", async () => {
    const gone = await lab.run("/run/kumactl check --netns 999999999");
    assert.deepEqual([gone.code, gone.stdout], [2, ""]);
    assert.match(gone.stderr, /^Error: .*999999999.* does not exist \[KUMA-HOST-111\]\n/);
    const closed = await lab.run(`${AS_APP} /run/kumactl check --netns ${lab.machine.pid}`);
    assert.deepEqual([closed.code, closed.stdout], [2, ""]);
    assert.match(closed.stderr, /^Error: .* \[KUMA-HOST-11[13]\]\n/);
  });

  await t.step("80 columns, ASCII without a locale, and no colour without a terminal", async () => {
    await lab.do(INSTALL);
    const plain = await lab.run("env -i /run/kumactl check");
    assert.match(plain.stdout, /^[\n -~]*$/);
    assert.match(plain.stdout, /^\[xx\] kuma-dp listens on the inbound port\n {7}nobody listens/m);
    const utf8 = await lab.run("env -i LANG=C.UTF-8 /run/kumactl check");
    assert.match(utf8.stdout, /^× kuma-dp listens on the inbound port\n {4}nobody listens/m);
    const short = await lab.run("env -i /run/kumactl check -o short");
    assert.equal(short.stdout.split("\n").filter((line) => line.startsWith("[")).length, 3);
    for (const line of `${plain.stdout}${utf8.stdout}`.split("\n")) {
      assert.ok(line.length <= 80, line);
    }
    assert.deepEqual([plain.code, utf8.code, short.code], [1, 1, 1]);
    await lab.reset();
  });

  await t.step(
    "--wait looks again until kuma-dp listens, and a terminal says how it is",
    async () => {
      await lab.do(INSTALL);
      const screen = `${lab.machine.folder}/screen`;
      const asked = "/run/kumactl check --wait 5m";
      const waiting = lab.run(`env -u NO_COLOR LANG=C.UTF-8 script -qefc '${asked}' ${screen}`);
      await lab.says(screen, "2 failed; looking again for");
      for (const line of KUMA_DP) await lab.do(line);
      assert.equal((await waiting).code, 0);
      const shown = await Deno.readTextFile(screen);
      assert.match(shown, /All is well: \d+ ok, 1 warning\./);
      assert.ok(shown.includes("\x1b[32m✓\x1b[0m"), "a terminal has colour");
      await lab.reset();
    },
  );

  await t.step("--wait ends when its time is over, without a word on the way", async () => {
    const done = await lab.run("/run/kumactl check -o short --wait 700ms");
    assert.deepEqual([done.code, done.stderr], [1, ""]);
    const unit = await lab.run("/run/kumactl check --wait 60");
    assert.deepEqual([unit.code, unit.stdout], [1, ""]);
    assert.match(unit.stderr, /--wait: '60' has no unit/);
  });
});
