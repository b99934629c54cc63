/**
 * Random configurations and packets: what the BPF programs do with each is what `kumactl explain packet` says
 * (`core/rules/explain.ts`), against which `tests/kernel/packets_test.ts` holds the other backends.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { resolveConfig } from "core/proxy/resolve.ts";
import { runs } from "tests/support/property.ts";
import { requires } from "tests/support/requires.ts";
import { expectation, PacketLab } from "tests/kernel/packet_lab.ts";
import {
  anyDocument,
  anyPacket,
  commandLine,
  explanationOf,
  RESOLV_CONF,
} from "tests/kernel/random_packets.ts";
import { BpfNode } from "./bpf_node.ts";

const RUNS = runs(100), PACKETS = 40;
const SIDECAR = 5678;
const dnsServers = [...RESOLV_CONF.matchAll(/^nameserver (\S+)$/gm)].map(([, one]) => one ?? "");

/** Virtual networks are the one thing that has no equal: what is only forwarded has no socket here. */
const anyOwnDocument = anyDocument.map((document) => ({
  ...document,
  redirect: { ...document.redirect, vnet: { networks: [] } },
}));

const test = requires("root", "netns", "iptables-nft", "bpf-build", "cgroup2");

test("random packets fare by BPF as the model of the rules says", {
  sanitizeResources: false,
}, async () => {
  using node = await BpfNode.create();
  await using lab = await PacketLab.create();
  node.load();
  const netns = `/run/netns/${lab.host.name}`;
  const seen = { sent: 0, redirected: 0 };
  const cases = fc.tuple(
    anyOwnDocument,
    fc.array(anyPacket, { minLength: PACKETS, maxLength: PACKETS }),
  );
  fc.assert(
    fc.property(cases, ([document, packets]) => {
      node.add({ netns, config: resolveConfig(document, SIDECAR), dnsServers });
      for (const packet of packets) {
        const { port, zone } = explanationOf(document, packet);
        const verdict = { redirect: port, zone };
        const { arrived } = lab.send(packet);
        seen.sent++;
        if (verdict.redirect !== undefined) seen.redirected++;
        const wanted = expectation(packet, verdict).arrived;
        assert.equal(arrived, wanted, commandLine("eBPF in place of", document, packet));
      }
    }),
    RUNS,
  );
  const { sent, redirected } = seen;
  assert(sent >= RUNS.numRuns * PACKETS, `only ${sent}`);
  assert(redirected > sent / 10 && sent - redirected > sent / 10, JSON.stringify(seen));
});
