import assert from "node:assert/strict";
import { exampleConfig, exampleDns, exampleTraffic } from "core/rules/testing/examples.ts";
import { type MapEntry, podEntries, type PodFacts } from "./entries.ts";
import { POD, VERDICTS } from "./layout.ts";
import { maskOf, maskWords, podWords } from "./words.ts";

const FACTS: PodFacts = {
  netns: 4096n,
  generation: 3,
  sidecarUid: 5678,
  addresses: ["127.0.0.1", "fd00::7"],
  dnsServers: ["10.96.0.10"],
  forwards: false,
  eventMask: 1 << VERDICTS.VERDICT_OUTBOUND,
  accelerate: true,
};

const flagsOf = ({ key, value }: MapEntry) => [key, new Uint32Array(value.buffer)[0] ?? 0] as const;

Deno.test("what is in the maps is told as it was asked for, and nothing of former generations", () => {
  const config = exampleConfig({
    inbound: exampleTraffic("inbound", { excludePorts: [22, 9100, 9101, 9102] }),
    outbound: exampleTraffic("outbound", {
      excludeAddresses: [{ family: "ipv4", text: "10.1.0.0/16" }],
      excludeUids: [{
        protocol: "udp",
        ports: [{ from: 53, to: 53 }],
        uids: { from: 100, to: 200 },
      }],
    }),
    dns: exampleDns({ enabled: true, captureAll: false }),
  });
  const former = podEntries(config, { ...FACTS, generation: 2, addresses: ["192.0.2.1"] });
  const entries = podEntries(config, FACTS);
  const words = podWords(POD.decode(entries.pods.value), {
    ports: [...former.pod_ports, ...entries.pod_ports].map(flagsOf),
    addresses: [...former.pod_addresses, ...entries.pod_addresses].map(flagsOf),
    uidRules: entries.pod_uid_rules[0]?.value,
  });
  assert.deepEqual(words, [
    "families: IPv4, IPv6",
    "inbound: to port 15006",
    "outbound: to port 15001",
    "DNS: IPv4 to port 15053, listed servers",
    "sidecar: user 5678",
    "inbound ports left alone: 22, 9100-9102",
    "own addresses: 127.0.0.1, fd00::7",
    "DNS servers: 10.96.0.10",
    "destinations left alone: 10.1.0.0/16",
    "left alone: UDP to ports 53 of users 100-200",
    "sockets of application and sidecar are joined",
    "events: outbound",
  ]);
});

Deno.test("masks of verdicts and their words are the same thing, and a wrong word is none", () => {
  const all = maskOf(["all"]) ?? 0;
  assert.equal(maskWords(all).length, Object.keys(VERDICTS).length);
  for (const word of maskWords(all)) assert.deepEqual(maskWords(maskOf([word]) ?? 0), [word]);
  assert.equal(maskOf(["outbound", "sideways"]), undefined);
  assert.equal(maskOf([]), 0);
});
