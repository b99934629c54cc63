/**
 * `kumactl status transparent-proxy` of the compiled program: states that are made on a real kernel, each with
 * the words and the exit code that a person gets.
 */
import assert from "node:assert/strict";
import { checkedDocument } from "tests/support/documents.ts";
import type { StatusDocument } from "../../kumactl/status_transparent_proxy.ts";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { kumactlPath, PrivateEtc } from "./kumactl.ts";
import { Namespace } from "./namespace.ts";

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");
const INSTALL = "kumactl install transparent-proxy --ip-family-mode ipv4";
const LEGACY = "--iptables-executables iptables:/usr/sbin/iptables-legacy," +
  "iptables-save:/usr/sbin/iptables-legacy-save,iptables-restore:/usr/sbin/iptables-legacy-restore";
const COMMENT = "kuma/mesh/transparent/proxy";

/** What was done before, the arguments of the question, and its answer. */
interface State {
  readonly name: string;
  readonly before: readonly string[];
  readonly ask?: string;
  readonly code: number;
  readonly words: RegExp;
}

const STATES: readonly State[] = [
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
];

for (const { name, before, ask = "", code, words } of STATES) {
  test(`status: ${name}`, async () => {
    await using namespace = await Namespace.create("st");
    using _etc = new PrivateEtc(namespace.name, { "resolv.conf": "nameserver 10.9.9.9\n" });
    for (const line of before) await namespace.must(...command(line));
    const [program, ...args] = command(`kumactl status transparent-proxy ${ask}`);
    const done = await namespace.run(program, args);
    assert.match(done.stdout + done.stderr, words);
    assert.equal(done.code, code, done.stdout + done.stderr);
    await namespace.run(kumactlPath(), ["uninstall", "transparent-proxy"]);
  });
}

test("status says who listens, from outside by a path, and as JSON", async () => {
  await using namespace = await Namespace.create("st");
  using _etc = new PrivateEtc(namespace.name);
  await namespace.must(...command(INSTALL));
  const listener = new Deno.Command("ip", {
    args: [
      ...["netns", "exec", namespace.name, "setpriv", "--reuid", "5678", "--clear-groups"],
      ...["busybox", "nc", "-l", "-p", "15006"],
    ],
    stdin: "null",
  }).spawn();
  try {
    const stdout = await waitUntil("status names the listener", async () => {
      const { stdout } = await namespace.run(kumactlPath(), ["status", "transparent-proxy"]);
      return /inbound: {5}to port 15006, where user 5678 listens/.test(stdout) && stdout;
    });
    assert.match(stdout, /outbound: {4}to port 15001, where nobody listens/);
    const path = `/run/netns/${namespace.name}`;
    const outside = await new Deno.Command(kumactlPath(), {
      args: ["status", "transparent-proxy", "--netns", path, "-o", "json"],
    }).output();
    const told = checkedDocument<StatusDocument>(
      new TextDecoder().decode(outside.stdout),
      "kuma.io/kumactl-status-transparent-proxy/v1",
    );
    assert.equal(told.status.state, "in place");
    assert.deepEqual(told.status.listeners.map(({ port, uid }: Listening) => [port, uid]), [
      [15006, 5678],
    ]);
    assert.equal(told.document.ipFamilyMode, "ipv4");
  } finally {
    listener.kill("SIGKILL");
    await listener.status;
    await namespace.run(kumactlPath(), ["uninstall", "transparent-proxy"]);
  }
});

interface Listening {
  readonly port: number;
  readonly uid: number;
}

function command(line: string): [string, ...string[]] {
  const words = (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ""));
  const [program = "", ...args] = words;
  return [program === "kumactl" ? kumactlPath() : program, ...args];
}
