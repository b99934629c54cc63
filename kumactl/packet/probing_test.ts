import assert from "node:assert/strict";
import type { Probe } from "core/host/probe/probe.ts";
import type { ExplainedPacket } from "core/rules/explain.ts";
import type { Packet } from "core/rules/packet.ts";
import { asExplained } from "./probing.ts";

const PACKET: Packet = {
  family: "ipv4",
  hook: "output",
  protocol: "tcp",
  source: "10.0.0.1",
  destination: "10.0.0.2",
  sourcePort: 1,
  destinationPort: 443,
  iface: "eth0",
  uid: 0,
};
const SEEN: Probe = { went: "unseen", answer: "accepted", listeners: [] };
const there = (...backends: string[]) => ({ place: "here", backends, differences: [], unread: [] });

for (
  const [name, explained, probe, backends, wanted] of [
    [
      "redirected as said",
      { port: 15001 },
      { went: "redirected", port: 15001 },
      ["nftables"],
      true,
    ],
    [
      "redirected elsewhere",
      { port: 15001 },
      { went: "redirected", port: 81 },
      ["nftables"],
      false,
    ],
    [
      "left alone against the word",
      { port: 15001 },
      { went: "left alone", port: 443 },
      ["x"],
      false,
    ],
    ["left alone as said", {}, { went: "left alone", port: 443 }, ["x"], true],
    ["redirected against the word", {}, { went: "redirected", port: 15001 }, ["x"], false],
    ["unseen, and nothing tracks", {}, { went: "unseen" }, [], true],
    ["unseen where rules are", {}, { went: "unseen" }, ["x"], false],
    ["unseen in place of redirected", { port: 15001 }, { went: "unseen" }, ["x"], false],
    ["dropped as said", { dropped: true }, { went: "unseen" }, ["x"], true],
    ["seen though dropped", { dropped: true }, { went: "left alone" }, ["x"], false],
    ["in its zone", { zone: 2, udp: true }, { went: "left alone", zone: 2 }, ["x"], true],
    ["in another zone", { zone: 2, udp: true }, { went: "left alone", zone: 1 }, ["x"], false],
  ] as const
) {
  Deno.test(`a probe: ${name}`, () => {
    const { port, zone, dropped, udp }: {
      port?: number;
      zone?: number;
      dropped?: boolean;
      udp?: boolean;
    } = explained;
    const { port: at, ...rest }: { went: Probe["went"]; port?: number; zone?: number } = probe;
    const told: ExplainedPacket = {
      packet: udp === true ? { ...PACKET, protocol: "udp" } : PACKET,
      outcome: dropped === true ? "dropped" : port === undefined ? "left alone" : "redirected",
      ...{ port, zone, steps: [] },
    };
    const seen = {
      ...SEEN,
      ...rest,
      ...at === undefined ? {} : { to: { address: "x", port: at } },
    };
    assert.equal(asExplained(told, seen, there(...backends)), wanted);
  });
}
