import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { exampleConfig, exampleDns, exampleTraffic } from "core/rules/testing/examples.ts";
import { addressText } from "./address.ts";
import { decodeCounters, emptyCounters, verdictWord } from "./counters.ts";
import { cookieKey, podEntries, type PodFacts, unsupported } from "./entries.ts";
import {
  ADDRESS_FLAGS,
  POD,
  POD_ADDRESS,
  POD_FLAGS,
  POD_PORT,
  PORT_FLAGS,
  VERDICT_COUNT,
} from "./layout.ts";
import { decodeUidRules } from "./uid_rules.ts";

const FACTS: PodFacts = {
  netns: 4096n,
  generation: 3,
  sidecarUid: 5678,
  addresses: ["127.0.0.1", "::1", "::6", "10.0.0.7", "fd00::7", "fe80::1"],
  dnsServers: ["10.96.0.10", "fd00::10"],
  forwards: false,
  eventMask: 0,
  accelerate: false,
};

function flagsOf(config = exampleConfig(), facts = FACTS): string[] {
  const { flags } = POD.decode(podEntries(config, facts).pods.value);
  return Object.entries(POD_FLAGS).filter(([, bit]) => flags & bit).map(([name]) => name);
}

function read(bytes: Uint8Array): number {
  return new DataView(bytes.buffer).getUint32(0, true);
}

/** Flags of `pod_addresses` by prefix. */
function addressesOf(config = exampleConfig(), facts = FACTS): Record<string, number> {
  return Object.fromEntries(
    podEntries(config, facts).pod_addresses.map(({ key, value }) => {
      const { netns, generation, prefix_bits, address } = POD_ADDRESS.decode(key);
      assert.deepEqual([netns, generation], [4096n, 3]);
      return [`${addressText(address)}/${prefix_bits - 96}`, read(value)];
    }),
  );
}

Deno.test("the defaults redirect both directions of both families, from the pod's own address", () => {
  const entries = podEntries(exampleConfig(), FACTS);
  const pod = POD.decode(entries.pods.value);
  assert.deepEqual(entries.pods.key, cookieKey(4096n));
  assert.deepEqual(
    [pod.generation, pod.sidecar_uid, pod.inbound_port, pod.outbound_port, pod.dns_port],
    [3, 5678, 15006, 15001, 15053],
  );
  assert.deepEqual([addressText(pod.source4), addressText(pod.source6)], ["10.0.0.7", "fd00::7"]);
  assert.deepEqual(flagsOf(), [
    ...["POD_INBOUND", "POD_OUTBOUND", "POD_IPV4", "POD_IPV6"],
    // For fe80::1; of IPv4 there is nothing that source4 does not say.
    "POD_ADDRESSES6",
  ]);
  assert.deepEqual(entries.pod_ports, []);
  assert.deepEqual(entries.pod_uid_rules, []);
});

Deno.test("with several addresses the kernel's routes would choose, so none is taken for source", () => {
  const addresses = ["10.0.0.7", "192.168.1.7", "fe80::1"];
  const { source4, source6 } = POD.decode(
    podEntries(exampleConfig(), { ...FACTS, addresses }).pods.value,
  );
  assert.deepEqual([addressText(source4), addressText(source6)], ["::", "::"]);
});

Deno.test("flags say what is off, which family, and which lists there are", () => {
  const off = { enabled: false };
  assert.deepEqual(
    flagsOf(
      exampleConfig({
        ipFamilyMode: "ipv4",
        inbound: exampleTraffic("inbound", off),
        outbound: exampleTraffic("outbound", { ...off, includePorts: [80] }),
        dns: exampleDns({ enabled: true }),
      }),
      { ...FACTS, forwards: true, accelerate: true, dnsServers: ["fd00::10"] },
    ),
    [
      ...["POD_IPV4", "POD_DNS6", "POD_OUTBOUND_INCLUDES", "POD_ACCELERATE", "POD_FORWARDS"],
      "POD_ADDRESSES6",
    ],
  );
  const all = exampleConfig({ dns: exampleDns({ enabled: true, captureAll: true }) });
  assert.deepEqual(flagsOf(all, { ...FACTS, dnsServers: [] }).slice(4), [
    "POD_DNS4",
    "POD_DNS6",
    "POD_DNS_ALL",
    "POD_ADDRESSES6",
  ]);
  const several = { ...FACTS, addresses: ["10.0.0.7", "10.0.0.8"] };
  assert.deepEqual(flagsOf(exampleConfig(), several).slice(4), ["POD_ADDRESSES4"]);
  const plain = { ...FACTS, addresses: ["127.0.0.1", "10.0.0.7", "::1"] };
  assert.deepEqual(flagsOf(exampleConfig(), plain).slice(4), []);
});

Deno.test("all of IPv6 is none of IPv4", () => {
  const outbound = exampleTraffic("outbound", {
    excludeAddresses: [{ family: "ipv6", text: "::/0" }],
  });
  const found = addressesOf(exampleConfig({ outbound }), { ...FACTS, addresses: ["10.0.0.7"] });
  const { ADDRESS_OUTBOUND_EXCLUDED, ADDRESS_OWN } = ADDRESS_FLAGS;
  assert.deepEqual(found, {
    "::/0": ADDRESS_OUTBOUND_EXCLUDED,
    "10.0.0.7/128": ADDRESS_OWN,
    "0.0.0.0/96": 0,
  });
});

Deno.test("a port has the flags of all lists that it is in", () => {
  const config = exampleConfig({
    inbound: exampleTraffic("inbound", { excludePorts: [22, 80] }),
    outbound: exampleTraffic("outbound", { excludePorts: [22], includePorts: [443] }),
  });
  const found = podEntries(config, FACTS).pod_ports.map(({ key, value }) => [
    POD_PORT.decode(key).port,
    read(value),
  ]);
  const { PORT_INBOUND_EXCLUDED, PORT_OUTBOUND_EXCLUDED, PORT_OUTBOUND_INCLUDED } = PORT_FLAGS;
  assert.deepEqual(found, [
    [22, PORT_INBOUND_EXCLUDED | PORT_OUTBOUND_EXCLUDED],
    [80, PORT_INBOUND_EXCLUDED],
    [443, PORT_OUTBOUND_INCLUDED],
  ]);
});

Deno.test("the longest prefix alone is found, so it has the flags of those around it", () => {
  const network = (text: string) => ({ family: "ipv4" as const, text });
  const { ADDRESS_OUTBOUND_EXCLUDED: out, ADDRESS_INBOUND_EXCLUDED: into } = ADDRESS_FLAGS;
  const { ADDRESS_OWN: own, ADDRESS_DNS_SERVER: server } = ADDRESS_FLAGS;
  const config = exampleConfig({
    outbound: exampleTraffic("outbound", {
      excludeAddresses: [network("10.0.0.0/8"), network("10.96.0.0/16")],
    }),
    inbound: exampleTraffic("inbound", { excludeAddresses: [network("10.96.0.1/16")] }),
    dns: exampleDns({ enabled: true }),
  });
  assert.deepEqual(addressesOf(config), {
    "10.0.0.0/104": out,
    "10.96.0.0/112": out | into,
    "10.0.0.7/128": out | own,
    "10.96.0.10/128": out | into | server,
    "127.0.0.1/128": own,
    "::1/128": own,
    "::6/128": own,
    "fd00::7/128": own,
    "fd00::10/128": server,
    "fe80::1/128": own,
    "0.0.0.0/96": 0,
  });
});

Deno.test("users' ports that touch are one rule, and too many rules are refused whole", () => {
  const one = (from: number, to = from) => ({ from, to });
  const exclude = (count: number) =>
    exampleConfig({
      outbound: exampleTraffic("outbound", {
        excludeUids: [{
          protocol: "udp",
          ports: Array.from({ length: count }, (_, i) => one(2 * i + 1)),
          uids: one(7, 9),
        }, { protocol: "tcp", ports: [one(5, 6), one(4), one(6, 9), one(11)], uids: one(1) }],
      }),
    });
  const [entry] = podEntries(exclude(1), FACTS).pod_uid_rules;
  assert(entry !== undefined);
  const rules = decodeUidRules(entry.value);
  assert.deepEqual(
    rules.map((r) => [r.protocol, r.uid_from, r.uid_to, r.port_from, r.port_to]),
    [[17, 7, 9, 1, 1], [6, 1, 1, 4, 9], [6, 1, 1, 11, 11]],
  );
  assert.equal(decodeUidRules(podEntries(exclude(126), FACTS).pod_uid_rules[0]!.value).length, 128);
  assert.throws(
    () => podEntries(exclude(127), FACTS),
    (error) => error instanceof KumaError && error.code === "KUMA-BPF-001",
  );
});

Deno.test("what eBPF has no way to do is named", () => {
  assert.deepEqual(unsupported(exampleConfig()), []);
  const vnets = [{ iface: "docker0", cidr: { family: "ipv4" as const, text: "172.17.0.0/16" } }];
  const inbound = exampleTraffic("inbound", { insertJump: true });
  const config = exampleConfig({ vnets, dropInvalidPackets: true, logLevel: 4, inbound });
  assert.equal(unsupported(config).length, 4);
});

Deno.test("counters are summed over processors, and named", () => {
  const bytes = emptyCounters(2);
  const numbers = new BigUint64Array(bytes.buffer);
  [numbers[0], numbers[VERDICT_COUNT], numbers[14]] = [2n, 3n, 1n];
  const counts = decodeCounters(bytes);
  assert.deepEqual([counts.get("outbound"), counts.get("error-lost"), counts.get("dns")], [
    5n,
    1n,
    0n,
  ]);
  assert.deepEqual([verdictWord(10), verdictWord(31)], ["drop-no-proxy", undefined]);
});
