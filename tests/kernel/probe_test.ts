/**
 * `kumactl explain packet --probe` of the compiled program: real connections in a network namespace, under the rules of
 * each backend, and what is said where they go another way than the rules that can be followed say.
 */
import assert from "node:assert/strict";
import { checkedDocument } from "tests/support/documents.ts";
import { Socket } from "tests/ebpf/socket.ts";
import { requires } from "tests/support/requires.ts";
import { kumactlPath, PrivateEtc } from "./kumactl.ts";
import { Namespace } from "./namespace.ts";

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");
const INSTALL = ["install", "transparent-proxy", "--redirect-all-dns-traffic"];
/** The C library stays open for the life of the process. */
const STAYS_OPEN = { sanitizeResources: false };
const legacy = (name: string) => `${name}:/usr/sbin/${name.replace("tables", "tables-legacy")}`;
const BACKENDS = {
  nftables: ["--firewall-backend", "nftables"],
  "iptables-nft": ["--firewall-backend", "iptables"],
  "iptables-legacy": [
    "--iptables-executables",
    ["iptables", "iptables-save", "iptables-restore"].map(legacy).join(),
  ],
};

interface Told {
  readonly outcome: string;
  readonly probe: {
    readonly went: string;
    readonly to?: { readonly port: number };
    readonly zone?: number;
    readonly answer: string;
    readonly listeners: readonly number[];
    readonly asExplained: boolean;
  };
}

/** A namespace whose packets to anywhere leave by an interface that leads nowhere. */
async function place(): Promise<Namespace> {
  const namespace = await Namespace.create("probe");
  await namespace.must("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "far");
  await namespace.must("ip", "address", "add", "192.0.2.1/24", "dev", "eth0");
  await namespace.must("ip", "-6", "address", "add", "2001:db8::1/64", "dev", "eth0", "nodad");
  for (const end of ["eth0", "far"]) await namespace.must("ip", "link", "set", end, "up");
  await namespace.must("ip", "route", "add", "default", "via", "192.0.2.2");
  await namespace.must("ip", "-6", "route", "add", "default", "via", "2001:db8::2");
  return namespace;
}

async function probe(
  namespace: Namespace,
  to: string,
  code: number,
  ...more: string[]
): Promise<Told> {
  const path = `/run/netns/${namespace.name}`;
  const { code: ended, stdout, stderr } = await new Deno.Command(kumactlPath(), {
    args: ["explain", "packet", "--netns", path, "--to", to, "--probe", "-o", "json", ...more],
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.equal(ended, code, `${out}${err}`);
  return checkedDocument(out ?? "", "kuma.io/kumactl-explain-packet/v1") as unknown as Told;
}

for (const [backend, flags] of Object.entries(BACKENDS)) {
  test(
    `${backend}: a probe goes where it was explained to go, and says who listens`,
    STAYS_OPEN,
    async () => {
      await using namespace = await place();
      using _etc = new PrivateEtc(namespace.name);
      const excluded = ["--exclude-outbound-ports", "22"];
      await namespace.must(kumactlPath(), ...INSTALL, ...excluded, ...flags);
      const app = ["--uid", "1000"];

      const nobody = await probe(namespace, "203.0.113.7:443", 0, ...app);
      assert.equal(nobody.outcome, "redirected");
      assert.deepEqual(
        [nobody.probe.went, nobody.probe.to?.port, nobody.probe.answer, nobody.probe.listeners],
        ["redirected", 15001, "connection refused", []],
      );
      {
        using _proxy = Socket.listen({ ns: namespace.name, uid: 5678, port: 15001 });
        const taken = await probe(namespace, "203.0.113.7:443", 0, ...app);
        assert.deepEqual(
          [taken.probe.to?.port, taken.probe.answer, taken.probe.listeners],
          [15001, "accepted", [5678]],
        );
      }
      const ssh = await probe(namespace, "203.0.113.7:22", 0, ...app);
      assert.deepEqual([ssh.probe.went, ssh.probe.answer], ["left alone", "unanswered"]);
      const sidecar = await probe(namespace, "203.0.113.7:443", 0, "--uid", "5678");
      assert.deepEqual([sidecar.outcome, sidecar.probe.went], ["left alone", "left alone"]);
      const dns = await probe(namespace, "203.0.113.53:53/udp", 0, ...app);
      assert.deepEqual([dns.probe.to?.port, dns.probe.zone], [15053, 2]);
      const ipv6 = await probe(namespace, "[2001:db8:9::7]:443", 0, ...app);
      assert.deepEqual([ipv6.probe.went, ipv6.probe.to?.port], ["redirected", 15001]);
      await namespace.run(kumactlPath(), ["uninstall", "transparent-proxy"]);
    },
  );
}

test("a probe that goes another way is said to, and ends with 3", async () => {
  await using namespace = await place();
  using _etc = new PrivateEtc(namespace.name);
  // Of others, ahead of ours, and by a match that cannot be followed.
  const theirs = ["-p", "tcp", "-m", "addrtype", "!", "--dst-type", "LOCAL"];
  await namespace.must(
    ...["iptables-nft", "-t", "nat", "-A", "OUTPUT"] as const,
    ...[...theirs, "-j", "REDIRECT", "--to-ports", "81"],
  );
  await namespace.must(kumactlPath(), ...INSTALL);
  const told = await probe(namespace, "203.0.113.7:443", 3, "--uid", "1000");
  assert.deepEqual([told.outcome, told.probe.to?.port, told.probe.asExplained], [
    "redirected",
    81,
    false,
  ]);
  const path = `/run/netns/${namespace.name}`;
  const text = await new Deno.Command(kumactlPath(), {
    args: ["explain", "packet", "--netns", path, "--to", "203.0.113.7:443", "--probe"],
  }).output();
  assert.match(
    new TextDecoder().decode(text.stdout),
    /^Probe: redirected to 192\.0\.2\.1:81|127\.0\.0\.1:81, and NOT as explained; connection refused, nobody listens there\.$/m,
  );
  await namespace.run(kumactlPath(), ["uninstall", "transparent-proxy"]);
});

test("where nothing is installed a probe is left alone; what cannot be sent is one line", async () => {
  await using namespace = await place();
  const told = await probe(namespace, "203.0.113.7:443", 0);
  assert.equal(told.outcome, "left alone");
  const refused = async (words: RegExp, ...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(kumactlPath(), {
      args: ["explain", "packet", "--probe", ...args],
    }).output();
    assert.deepEqual([code, stdout.length], [1, 0]);
    assert.match(new TextDecoder().decode(stderr), words);
  };
  const netns = ["--netns", `/run/netns/${namespace.name}`];
  await refused(
    /^Error: --probe: what arrives .*\[KUMA-TP-046\]\n$/,
    ...netns,
    "--to",
    "10.0.0.1:1",
    "--direction",
    "in",
  );
  await refused(/over UDP only DNS/, ...netns, "--to", "10.0.0.1:54/udp");
  await refused(/give --netns/, "--to", "10.0.0.1:1", "--kuma-dp-user", "5678");
  await refused(
    /it cannot be sent from 10\.9\.9\.9: cannot assign/,
    ...netns,
    "--to",
    "10.0.0.1:1",
    "--from",
    "10.9.9.9",
  );
  await namespace.must("ip", "route", "del", "default");
  await refused(/there is no route to 203\.0\.113\.7/, ...netns, "--to", "203.0.113.7:1");
});
