/**
 * The proof against the kernel: random configurations, applied by each backend; random packets; and what
 * became of each equals what the pure model of the configuration says (`core/rules/verdict.ts`). As all
 * backends are held against one model, they are held against each other.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { Packet } from "core/rules/packet.ts";
import { verdictOf } from "core/rules/verdict.ts";
import { runs } from "tests/support/property.ts";
import { requires } from "tests/support/requires.ts";
import { type Backend, BACKENDS, expectation, PacketLab } from "./packet_lab.ts";
import { anyDocument, anyPacket, commandLine, rulesetsOf } from "./random_packets.ts";

/** Configurations, and packets for each of them, both for every backend. */
const RUNS = runs(500), CONFIGURATIONS = RUNS.numRuns, PACKETS = 10;
/** The C library stays open for the life of the process. */
const STAYS_OPEN = { sanitizeResources: false };

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");

test("random packets fare under each backend as the model says", STAYS_OPEN, async () => {
  await using lab = await PacketLab.create();
  for (const backend of BACKENDS) {
    const seen = { sent: 0, redirected: 0, zoned: 0 };
    const cases = fc.tuple(
      anyDocument,
      fc.array(anyPacket, { minLength: PACKETS, maxLength: PACKETS }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([document, packets]) => {
        await lab.apply(backend, rulesetsOf(document));
        for (const packet of packets) tryOne(lab, backend, document, packet, seen);
      }),
      { ...RUNS, reporter: report },
    );
    await lab.clear(backend);
    const { sent, redirected, zoned } = seen;
    assert(sent >= CONFIGURATIONS * PACKETS);
    assert(
      redirected > sent / 10 && sent - redirected > sent / 10 && zoned > 0,
      JSON.stringify(seen),
    );
    const line = `${backend}: ${sent} packets under ${CONFIGURATIONS} configurations, ` +
      `${redirected} redirected, ${zoned} in a zone\n`;
    Deno.stderr.writeSync(new TextEncoder().encode(line));
  }
});

function tryOne(
  lab: PacketLab,
  backend: Backend,
  document: TransparentProxyConfig,
  packet: Packet,
  seen: { sent: number; redirected: number; zoned: number },
): void {
  const ruleset = rulesetsOf(document).find(({ family }) => family === packet.family);
  const verdict = ruleset === undefined
    ? { redirect: undefined, zone: undefined }
    : verdictOf(ruleset, packet);
  const wanted = expectation(packet, verdict);
  const found = lab.send(packet);
  seen.sent++;
  if (verdict.redirect !== undefined) seen.redirected++;
  if (wanted.zone !== undefined && wanted.zone > 0) seen.zoned++;
  assert.deepEqual(found, wanted, commandLine(backend, document, packet));
}

/** The shrunk counterexample alone: its message is a command line. */
function report<T>(details: fc.RunDetails<T>): void {
  if (!details.failed) return;
  const words = details.errorInstance instanceof Error ? details.errorInstance.message : "";
  throw new Error(`seed ${details.seed}, path ${details.counterexamplePath}: ${words}`);
}
