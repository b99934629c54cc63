/**
 * Real connections through the real kernel, steered by the compiled kumactl: every row of
 * `scenarios.ts` for both families, both flavours of iptables and native nftables.
 */
import assert from "node:assert/strict";
import { FAMILIES } from "core/proxy/resolved.ts";
import { requires } from "tests/support/requires.ts";
import { UNTOUCHED } from "./basic_flows.ts";
import { type Flow, ROLES } from "./flows.ts";
import { kumactlMust, PrivateEtc } from "./kumactl.ts";
import { type Flavour, FLAVOURS, toolName } from "./namespace.ts";
import { SCENARIOS } from "./scenarios.ts";
import { TrafficLab } from "./traffic_lab.ts";

const RESOLV_CONF = Object.values(ROLES.resolver).map((server) => `nameserver ${server}\n`).join(
  "",
);
const INSTALL = ["install", "transparent-proxy"];
const UNINSTALL = ["uninstall", "transparent-proxy"];

/** What writes our rules, and which iptables everybody else on the host uses. */
const COLUMNS: readonly { backend: string; flavour: Flavour; args: readonly string[] }[] = [
  ...FLAVOURS.map((flavour) => ({ backend: flavour, flavour, args: [] })),
  // Between rules of others in iptables' own tables, which decides about the order.
  ...FLAVOURS.map((flavour) => ({
    ...{ backend: `nftables beside ${flavour}`, flavour },
    args: ["--firewall-backend", "nftables"],
  })),
];

for (const { backend, flavour, args: backendArgs } of COLUMNS) {
  const test = requires("root", "netns", `iptables-${flavour}`);
  test(`${backend}: every flow goes where its configuration says`, async (t) => {
    await using lab = await TrafficLab.create();
    using _etc = new PrivateEtc(lab.host.name, { "resolv.conf": RESOLV_CONF });
    // Whichever flavour holds rules is the one that kumactl takes: on a host as in this namespace.
    const marker = "*mangle\n:HOST_RULES - [0:0]\n-A POSTROUTING -j HOST_RULES\nCOMMIT\n";
    for (const family of FAMILIES) await lab.host.restore(flavour, family, marker);
    const counts = { driven: 0 };
    for (const { name, args, foreign, flows } of SCENARIOS) {
      await t.step(
        `${name} (${flows.length} rows)`,
        async () => {
          if (foreign !== undefined) {
            for (const family of FAMILIES) await lab.host.restore(flavour, family, foreign);
          }
          await kumactlMust(lab.host, [...INSTALL, ...backendArgs, ...args]);
          drive(lab, flows, counts);
          const tables = await lab.host.must("nft", "list", "tables");
          assert.equal(/kuma-mesh/.test(tables), backend.startsWith("nftables"), tables);
          if (foreign !== undefined) await forget(lab, flavour);
        },
      );
    }
    await t.step("uninstalled", async () => {
      await kumactlMust(lab.host, UNINSTALL);
      drive(lab, UNTOUCHED, counts);
      for (const family of FAMILIES) {
        assert.doesNotMatch(await lab.host.save(flavour, family), /KUMA_MESH|kuma\/mesh/);
      }
      assert.doesNotMatch(await lab.host.must("nft", "list", "tables"), /kuma-mesh/);
    });
    assert(counts.driven >= 200, `only ${counts.driven} flows`);
    report(`${backend}: ${counts.driven} flows driven, IPv4 and IPv6`);
  });
}

/** Sends every flow for every family it is for; fails with all that went wrong. */
function drive(lab: TrafficLab, flows: readonly Flow[], counts: { driven: number }): void {
  const wrong: string[] = [];
  for (const family of FAMILIES) {
    for (const flow of flows.filter(({ only = family }) => only === family)) {
      counts.driven++;
      const failure = lab.send(flow, family);
      if (failure !== undefined) wrong.push(`${family}: ${flow.what}: ${failure}`);
    }
  }
  assert.deepEqual(wrong, []);
}

/** Takes away the rules of somebody else that a scenario began with, and ours that stand around them. */
async function forget(lab: TrafficLab, flavour: Flavour): Promise<void> {
  await kumactlMust(lab.host, UNINSTALL);
  for (const family of FAMILIES) {
    const tool = toolName(flavour, family);
    for (const action of ["-F", "-X"]) await lab.host.must(tool, "-t", "nat", action);
  }
}

function report(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}
