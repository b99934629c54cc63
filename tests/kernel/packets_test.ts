/**
 * The proof against the kernel: random configurations, applied by each backend; random packets; and what
 * became of each equals what `kumactl explain packet` says of it, by the configuration (`core/rules/explain.ts`) and by
 * the rules that are read back from the kernel (`core/rules/explain_found.ts`). As all backends are held against one
 * model, they are held against each other.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import type { Packet } from "core/rules/packet.ts";
import { runs } from "tests/support/property.ts";
import { requires } from "tests/support/requires.ts";
import { type Backend, BACKENDS, expectation, type Explain, PacketLab } from "./packet_lab.ts";
import {
  anyDocument,
  anyPacket,
  commandLine,
  commentedRulesets,
  explanationOf,
  rulesetsOf,
} from "./random_packets.ts";

/** Configurations, and packets for each of them, both for every backend. */
const RUNS = runs(500), CONFIGURATIONS = RUNS.numRuns, PACKETS = 10;
/** Every which configuration's rules are read back. */
const READ_EVERY = 5;
/** The C library stays open for the life of the process. */
const STAYS_OPEN = { sanitizeResources: false };

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");

test("random packets fare under each backend as the model says", STAYS_OPEN, async () => {
  await using lab = await PacketLab.create();
  for (const backend of BACKENDS) {
    const seen: Seen = { configurations: 0, sent: 0, read: 0, redirected: 0, zoned: 0 };
    const cases = fc.tuple(
      anyDocument,
      fc.array(anyPacket, { minLength: PACKETS, maxLength: PACKETS }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([document, packets]) => {
        await lab.apply(backend, rulesetsOf(document));
        const explain = seen.configurations++ % READ_EVERY === 0
          ? await lab.read(backend)
          : undefined;
        for (const packet of packets) tryOne(lab, { backend, document, explain }, packet, seen);
      }),
      { ...RUNS, reporter: report },
    );
    await lab.clear(backend);
    const { sent, read, redirected, zoned } = seen;
    assert(read >= CONFIGURATIONS / READ_EVERY * PACKETS);
    assert(sent >= CONFIGURATIONS * PACKETS);
    assert(
      redirected > sent / 10 && sent - redirected > sent / 10 && zoned > 0,
      JSON.stringify(seen),
    );
    const line = `${backend}: ${sent} packets under ${CONFIGURATIONS} configurations, ` +
      `${redirected} redirected, ${zoned} in a zone, ${read} explained by rules read back\n`;
    Deno.stderr.writeSync(new TextEncoder().encode(line));
  }
});

interface Seen {
  configurations: number;
  sent: number;
  read: number;
  redirected: number;
  zoned: number;
}

interface Case {
  readonly backend: Backend;
  readonly document: TransparentProxyConfig;
  readonly explain: Explain | undefined;
}

function tryOne(
  lab: PacketLab,
  { backend, document, explain }: Case,
  packet: Packet,
  seen: Seen,
): void {
  const explained = explanationOf(document, packet);
  const verdict = { redirect: explained.port, zone: explained.zone };
  const wanted = expectation(packet, verdict);
  if (explain !== undefined) {
    const there = explain(packet, commentedRulesets(document));
    const { outcome, port, zone } = there;
    const words = commandLine(backend, document, packet);
    assert.deepEqual(
      [outcome, port, zone],
      [explained.outcome, explained.port, explained.zone],
      words,
    );
    assert(there.steps.every(({ why }) => why !== "a rule of others"), words);
    seen.read++;
  }
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
