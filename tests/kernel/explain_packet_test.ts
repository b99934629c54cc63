/**
 * `kumactl explain packet` of the compiled program, of what is really there: states of a network namespace, and pods of
 * files.
 */
import assert from "node:assert/strict";
import { checkedDocument } from "tests/support/documents.ts";
import { requires } from "tests/support/requires.ts";
import { kumactlPath, PrivateEtc } from "./kumactl.ts";
import { Namespace } from "./namespace.ts";

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");
const INSTALL = "kumactl install transparent-proxy --exclude-outbound-ports 22";
const LEGACY = "--iptables-executables iptables:/usr/sbin/iptables-legacy," +
  "iptables-save:/usr/sbin/iptables-legacy-save,iptables-restore:/usr/sbin/iptables-legacy-restore";

/** What was done before, where to, and what is said. */
interface State {
  readonly name: string;
  readonly before: readonly string[];
  readonly ask?: string;
  readonly to?: string;
  readonly words: readonly RegExp[];
  readonly not?: RegExp;
}

const STATES: readonly State[] = [
  {
    name: "nothing is installed",
    before: [],
    words: [/is left alone/, /nothing is noted here/, /none of ours is there \(\/run\/netns/],
  },
  ...["--firewall-backend nftables", "--firewall-backend iptables", LEGACY].flatMap((backend) => [
    {
      name: `installed with ${backend.slice(0, 40)}, and without comments`,
      before: [`${INSTALL} --disable-comments ${backend}`],
      words: [
        /is left alone[^]*decided by redirect\.outbound\.excludePorts \(--exclude-outbound-ports\)/,
        /2\. .*KUMA_MESH_OUTBOUND: outbound port left alone/,
        /Settings: what kumactl .* installed at/,
      ],
      not: /not what the settings say|By the settings/,
    },
  ]),
  {
    name: "the rule was deleted",
    before: [INSTALL, "iptables-nft -t nat -D KUMA_MESH_OUTBOUND 1"],
    words: [
      /is redirected to port 15001/,
      /^By the settings it is left alone/m,
      /The rules are not what the settings say:\n {2}ipv4: .* a rule is missing: .*--dport 22/,
    ],
  },
  {
    name: "a rule of our table of nftables was deleted",
    before: [
      `${INSTALL} --firewall-backend nftables`,
      "nft flush chain inet kuma-mesh KUMA_MESH_OUTBOUND",
    ],
    to: "10.1.2.3:443",
    words: [/is left alone[^]*By the settings it is redirected to port 15001/],
  },
  {
    name: "an ACCEPT of others stands ahead of ours",
    before: ["iptables-nft -t nat -A OUTPUT -p tcp -d 10.0.0.0/8 -j ACCEPT", INSTALL],
    to: "10.1.2.3:443",
    words: [/is left alone/, /1\. nat OUTPUT: a rule of others\n.*-j ACCEPT/],
  },
  {
    name: "a rule of others is one that cannot be followed",
    before: ["iptables-nft -t nat -A OUTPUT -m addrtype --dst-type LOCAL -j ACCEPT", INSTALL],
    to: "10.1.2.3:443",
    words: [
      /is redirected[^]*not followed; they may catch it first:\n {2}-t nat -A OUTPUT -m addrtype/,
    ],
  },
  {
    name: "rules of the CNI, of which nothing is noted",
    before: [INSTALL, "sh -c 'rm /run/kuma-transparent-proxy/*.installed.json'"],
    words: [
      /is left alone/,
      /decided by redirect\.outbound\.excludePorts \(not known; this is its default\)/,
    ],
    not: /not what the settings say/,
  },
  {
    name: "the rules there against other settings",
    before: [INSTALL],
    ask: "--exclude-outbound-ports 23",
    words: [
      /is left alone[^]*Settings: the settings given here[^]*By the settings it is redirected/,
      /a rule is missing: .*--dport 23/,
    ],
  },
  {
    name: "a family that has no rules",
    before: [`${INSTALL} --ip-family-mode ipv4`],
    to: "[fd00::1]:443",
    words: [/is left alone[^]*decided by ipFamilyMode \(--ip-family-mode\)/],
  },
];

for (const { name, before, ask = "", to = "10.1.2.3:22", words, not } of STATES) {
  test(`explain packet: ${name}`, async () => {
    await using namespace = await Namespace.create("ep");
    using _etc = new PrivateEtc(namespace.name, { "resolv.conf": "nameserver 10.9.9.9\n" });
    await namespace.must("ip", "address", "add", "fd99::1/128", "dev", "lo", "nodad");
    for (const line of before) {
      await namespace.must(...command(line.replaceAll("*.", `${inode(namespace)}.`)));
    }
    const packet = `kumactl explain packet --uid 1000 --to ${to} --kuma-dp-user 5678`;
    const own = ask === "" ? packet.replace(" --kuma-dp-user 5678", "") : packet;
    const path = `/run/netns/${namespace.name}`;
    const [program, ...args] = command(`${own} --netns ${path} ${ask}`);
    const done = await new Deno.Command(program, { args }).output();
    const text = new TextDecoder().decode(done.stdout);
    assert.equal(done.code, 0, text + new TextDecoder().decode(done.stderr));
    for (const word of words) assert.match(text, word);
    if (not !== undefined) assert.doesNotMatch(text, not);
    await namespace.run(kumactlPath(), ["uninstall", "transparent-proxy"]);
  });
}

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata:
      labels: {kuma.io/sidecar-injection: enabled}
      annotations: {traffic.kuma.io/exclude-outbound-ports: "9901,3306"}
    spec: {containers: [{name: web, image: x}]}
`;

test("explain packet of a pod of a file names the annotation that decides", async () => {
  const ask = async (text: string, code: number) => {
    const child = new Deno.Command(kumactlPath(), {
      args: ["explain", "packet", "-f", "-", "--to", "10.1.2.3:3306", "--uid", "0", "-o", "json"],
      ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
    const done = await child.output();
    const [out, err] = [done.stdout, done.stderr].map((bytes) => new TextDecoder().decode(bytes));
    assert.equal(done.code, code, err);
    return { out: out ?? "", err: err ?? "" };
  };
  const told = checkedDocument(
    (await ask(DEPLOYMENT, 0)).out,
    "kuma.io/kumactl-explain-packet/v1",
  );
  assert.equal(told.outcome, "left alone");
  assert.match(
    JSON.stringify(told.decidedBy),
    /redirect\.outbound\.excludePorts.*annotation traffic\.kuma\.io\/exclude-outbound-ports/,
  );
  const plain = checkedDocument(
    (await ask(DEPLOYMENT.replace("enabled", "disabled"), 0)).out,
    "kuma.io/kumactl-explain-packet/v1",
  );
  assert.deepEqual([plain.outcome, plain.decidedBy], ["left alone", []]);
  const two = await ask(`${DEPLOYMENT}---\n${DEPLOYMENT}`, 1);
  assert.match(two.err, /it has 2 pods, and a packet is of one \[KUMA-CP-012\]/);
});

function inode(namespace: Namespace): string {
  return String(Deno.statSync(`/run/netns/${namespace.name}`).ino);
}

function command(line: string): [string, ...string[]] {
  const words = (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ""));
  const [program = "", ...args] = words;
  return [program === "kumactl" ? kumactlPath() : program, ...args];
}
