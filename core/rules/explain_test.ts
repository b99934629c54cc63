import assert from "node:assert/strict";
import { defaultConfig } from "core/proxy/config.ts";
import { resolveConfig } from "core/proxy/resolve.ts";
import { buildRuleset } from "./build.ts";
import { describePacket, explainPacket } from "./explain.ts";
import type { Packet } from "./packet.ts";

const FACTS = {
  family: "ipv4",
  loopback: "lo",
  dnsServers: ["10.0.0.10"],
  comments: true,
  conntrackZones: true,
  mangle: true,
  dockerOutput: false,
} as const;
const PACKET: Packet = {
  family: "ipv4",
  hook: "output",
  protocol: "tcp",
  source: "10.1.1.1",
  destination: "10.1.2.3",
  sourcePort: 40000,
  destinationPort: 443,
  iface: "eth0",
  uid: 1000,
};

function explain(change: (config: ReturnType<typeof defaultConfig>) => void, packet = PACKET) {
  const config = defaultConfig();
  change(config);
  return explainPacket(buildRuleset(resolveConfig(config, 5678), FACTS), packet);
}

Deno.test("an outbound connection passes OUTPUT and both chains of ours", () => {
  const { outcome, port, steps } = explain(() => {});
  assert.deepEqual({ outcome, port }, { outcome: "redirected", port: 15001 });
  assert.deepEqual(steps.map(({ chain, why }) => `${chain}: ${why}`), [
    "OUTPUT: outbound TCP takes the outbound chain of the mesh",
    "KUMA_MESH_OUTBOUND: all other outbound TCP goes to Envoy",
    "KUMA_MESH_OUTBOUND_REDIRECT: outbound listener of Envoy",
  ]);
  assert.equal(steps.at(-1)?.rule, "-p tcp -j REDIRECT --to-ports 15001");
  assert.deepEqual(steps.at(-1)?.settings, ["redirect.outbound.port"]);
});

Deno.test("an excluded port names the setting that leaves it alone", () => {
  const { outcome, steps } = explain((config) => config.redirect.outbound.excludePorts = [443]);
  assert.equal(outcome, "left alone");
  assert.deepEqual(steps.at(-1)?.settings, ["redirect.outbound.excludePorts"]);
});

Deno.test("what no rule concerns is left alone without a step", () => {
  const udp = explain(() => {}, { ...PACKET, protocol: "udp" });
  assert.deepEqual([udp.outcome, udp.steps], ["left alone", []]);
});

Deno.test("DNS to a server of resolv.conf goes to the DNS proxy in zone 2", () => {
  const dns = {
    ...PACKET,
    protocol: "udp",
    destination: "10.0.0.10",
    destinationPort: 53,
  } as const;
  const { port, zone } = explain((config) => config.redirect.dns.enabled = true, dns);
  assert.deepEqual({ port, zone }, { port: 15053, zone: 2 });
});

Deno.test("a packet in words", () => {
  assert.equal(
    describePacket(PACKET),
    "TCP of user 1000 from 10.1.1.1:40000 to 10.1.2.3:443, leaving by eth0",
  );
  assert.equal(
    describePacket({
      ...PACKET,
      hook: "prerouting",
      source: "fd00::1",
      destination: "fd00::2",
      uid: undefined,
    }),
    "TCP from [fd00::1]:40000 to [fd00::2]:443, arriving by eth0",
  );
});
