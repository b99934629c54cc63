/** Input that makes no sense: one line on stderr, and a hint where there is one, a code that is not 0, and a firewall nobody touched. */
import assert from "node:assert/strict";
import { requires } from "tests/support/requires.ts";
import { BUSY_HOST, install, Machine } from "./machine.ts";

/** What is wrong, the arguments, and what the line must say. */
type Bad = readonly [what: string, args: readonly string[], says: RegExp];

const UIDS = "--exclude-outbound-ports-for-uids";

const BAD: readonly Bad[] = [
  ["port 0", ["--redirect-inbound-port", "0"], /'0' is not a valid port/],
  ["port 65536", ["--redirect-outbound-port", "65536"], /'65536' is not a valid port/],
  ["a negative port", ["--redirect-dns-port=-1"], /'-1' is not a valid port/],
  ["a port in hexadecimal", ["--redirect-dns-port", "0x50"], /'0x50' is not a valid port/],
  ["a range without end", [UIDS, "tcp:80-:1000"], /80-/],
  ["a range that goes down", [UIDS, "tcp:90-80:1000"], /90-80/],
  ["a range among ports", ["--exclude-inbound-ports", "80-"], /'80-' is not a valid port/],
  ["nothing but a protocol", [UIDS, "tcp:"], /tcp:/],
  ["no UID at all", [UIDS, "tcp:22:"], /tcp:22:/],
  ["an empty exclusion", [UIDS, ""], /UID/],
  ["a word for a port", ["--exclude-outbound-ports", "foo"], /'foo' is not a valid port/],
  ["a word for a UID", [UIDS, "tcp:22:foo"], /foo/],
  ["an unknown protocol", [UIDS, "icmp:22:1000"], /invalid or unsupported protocol: 'icmp'/],
  ["any UID", [UIDS, "tcp:22:*"], /wildcard '\*' is not allowed for UIDs/],
  ["a list of UIDs", [UIDS, "tcp:22:1,2"], /invalid UID entry: '1,2'/],
  ["too many parts", [UIDS, "tcp:22:1:2"], /too many parts|protocols/],
  ["a UID out of range", [UIDS, "tcp:22:4294967295"], /4294967295/],
  ["a UID far out of range", [UIDS, "tcp:22:99999999999999999999"], /9999/],
  ["an unknown user", ["--kuma-dp-user", "nobody-by-that-name"], /nobody-by-that-name/],
  ["a UID that nobody has", ["--kuma-dp-user", "4242"], /'4242'/],
  ["a UID for a user, out of range", ["--kuma-dp-user", "4294967296"], /4294967296/],
  ["a bad CIDR", ["--exclude-inbound-ips", "10.0.0.0/33"], /invalid IP address: '10\.0\.0\.0\/33'/],
  ["a bad address", ["--exclude-outbound-ips", "10.0.0"], /invalid IP address: '10\.0\.0'/],
  ["a host name", ["--exclude-outbound-ips", "example.com"], /example\.com/],
  ["no address", ["--exclude-outbound-ips", ""], /cannot be empty/],
  ["a network without interface", ["--vnet", "10.0.0.0"], /invalid virtual network definition/],
  ["a network without mask", ["--vnet", "eth0:10.0.0.1"], /invalid CIDR definition for eth0/],
  ["an interface that is too long", ["--vnet", "abcdefghijklmnop:10.0.0.0/8"], /virtual network/],
  ["a family mode", ["--ip-family-mode", "ipv5"], /must be one of 'dualstack' or 'ipv4'/],
  ["a shell's words as a port", ["--redirect-inbound-port", "; rm -rf /"], /; rm -rf \//],
  ["a shell's words as a list", ["--exclude-inbound-ports", "22,$(reboot)"], /\$\(reboot\)/],
  [
    "a second rule in an address",
    ["--exclude-inbound-ips", "10.0.0.1\n-A INPUT"],
    /control characters/,
  ],
  ["a second rule in an interface", ["--vnet", "eth0 -j DROP:10.0.0.0/8"], /virtual network/],
  [
    "flags that contradict",
    ["--redirect-dns", "--redirect-all-dns-traffic"],
    /only one of '--redirect-dns' or '--redirect-all-dns-traffic' should be specified/,
  ],
  ["an unknown flag", ["--redirect-inbound-prt", "15006"], /redirect-inbound-prt/],
  ["a removed flag", ["--redirect-inbound-port-v6", "15006"], /redirect-inbound-port-v6/],
  ["a flag without its value", ["--redirect-inbound-port"], /redirect-inbound-port/],
  ["a bool that is none", ["--redirect-inbound=maybe"], /maybe/],
  ["a number that is none", ["--wait", "soon"], /soon/],
  ["a duration that is none", ["--sleep-between-retries", "2 parsecs"], /2 parsecs/],
  ["an unknown executable", ["--iptables-executables", "iptable:/sbin/iptables"], /iptable/],
  ["stdin as inline document", ["--config", "-"], /--config-file -/],
  [
    "a document that is not there",
    ["--config-file", "/nonexistent/a.yaml"],
    /\/nonexistent\/a\.yaml/,
  ],
  ["a folder for a document", ["--config-file", "/etc"], /\/etc/],
  ["broken YAML", ["--config", "redirect:\n  dns: [1\n"], /:\d+:\d+/],
  ["broken JSON", ["--config", '{"redirect": {"dns": ]}}'], /:1:\d+/],
  ["a bad value in a document", ["--config", "redirect:\n  inbound:\n    port: 0\n"], /:3:\d+/],
  ["a bad type in a document", ["--config", "redirect:\n  inbound: true\n"], /:2:\d+/],
  ["a log level", ["--config", '{"log":{"enabled":true,"level":8}}'], /level/],
  ["eBPF without address", ["--ebpf-enabled"], /--ebpf-instance-ip/],
  [
    "eBPF with a relative path",
    ["--ebpf-enabled", "--ebpf-instance-ip=10.0.0.1", "--ebpf-cgroup-path=cgroup"],
    /absolute path/,
  ],
];

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");

test(`${BAD.length} kinds of bad input are refused in one line`, async (t) => {
  await using machine = await Machine.create();
  await machine.restore("nft", "ipv4", BUSY_HOST);
  await machine.kumactlMust(...install());
  const before = await machine.firewall();
  for (const [what, args, says] of BAD) {
    await t.step(what, async () => {
      const done = await machine.kumactl(install(...args));
      assert.notEqual(done.code, 0);
      assert.equal(done.stdout, "");
      const lines = done.stderr.trimEnd().split("\n").filter((line) => !line.startsWith("Hint: "));
      assert.equal(lines.length, 1, done.stderr);
      assert.match(lines[0] ?? "", /^Error: /);
      assert.match(done.stderr, says);
      assert.equal(await machine.firewall(), before);
    });
  }
});

test("a variable of the environment is held to the same", async () => {
  await using machine = await Machine.create();
  const before = await machine.firewall();
  const variables = {
    KUMA_TRANSPARENT_PROXY_REDIRECT_INBOUND_PORT: "0",
    KUMA_TRANSPARENT_PROXY_REDIRECT_INBOUND_ENABLED: "",
    KUMA_TRANSPARENT_PROXY_IP_FAMILY_MODE: "both",
    KUMA_TRANSPARENT_PROXY_REDIRECT_OUTBOUND_EXCLUDE_PORTS_FOR_UIDS: "tcp:22:1000,",
    KUMA_TRANSPARENT_PROXY_REDIRECT_INBOUND_CHAIN_NAME: "A B",
  };
  for (const [name, value] of Object.entries(variables)) {
    const done = await machine.kumactl(install(), { env: { [name]: value } });
    assert.notEqual(done.code, 0, name);
    assert.match(done.stderr, /^Error: [^\n]+\n(Hint: [^\n]+\n)?$/, name);
    assert.equal(await machine.firewall(), before);
  }
});

test("what only looks bad is taken: unknown keys, 17 ports, an empty list", async () => {
  await using machine = await Machine.create();
  const document = '{"redirect":{"inbuond":{"port":15006}},"somethingNew":1}';
  const done = await machine.kumactl(install("--config", document));
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stderr, /inbuond.*inbound/);
  const ports = Array.from({ length: 40 }, (_, i) => `${8000 + 3 * i}-${8001 + 3 * i}`).join(",");
  await machine.kumactlMust(...install(UIDS, `tcp:${ports}:1000`, "--exclude-inbound-ports", ""));
  const rules = (await machine.save("nft", "ipv4")).split("\n");
  assert.equal(rules.filter((rule) => rule.includes("-m multiport")).length, 6);
});
