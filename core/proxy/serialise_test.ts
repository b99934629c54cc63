import assert from "node:assert/strict";
import fc from "fast-check";
import { oneLine } from "../errors.ts";
import { defaultConfig } from "./config.ts";
import { parseDocument } from "./document.ts";
import { serialiseConfig } from "./serialise.ts";
import { mergeSources } from "./sources.ts";
import { runs } from "tests/support/property.ts";

Deno.test("the defaults serialise to what Kuma 2.9 always writes", () => {
  assert.equal(
    serialiseConfig(defaultConfig()),
    `ipFamilyMode: dualstack
kumaDPUser: ""
redirect:
  dns:
    captureAll: false
    enabled: false
    port: 15053
    resolvConfigPath: /etc/resolv.conf
    skipConntrackZoneSplit: false
  inbound:
    enabled: true
    port: 15006
  outbound:
    enabled: true
    port: 15001
retry:
  maxRetries: 4
  sleepBetweenRetries: 2s
wait: 5
waitInterval: 0
`,
  );
});

Deno.test("what is written is read back", async () => {
  const text = fc.oneof(
    fc.constantFrom(
      "yes",
      "null",
      "~",
      "5678",
      "0x10",
      "1e3",
      "- a",
      "a: b",
      "#",
      "'",
      '"',
      "tcp:22:1",
    ),
    fc.string({ unit: "binary", maxLength: 12 }).map((raw) => oneLine(raw.toWellFormed())),
  );
  const port = fc.integer({ min: 1, max: 65535 });
  const traffic = { excludePorts: fc.array(port), excludePortsForIPs: fc.array(text), port };
  const input = fc.record({
    kumaDPUser: text,
    inbound: fc.record(traffic),
    outbound: fc.record(traffic),
    pause: fc.integer({ min: 0, max: 86_400_000 }),
    on: fc.boolean(),
    networks: fc.array(text),
  });
  await fc.assert(
    fc.asyncProperty(input, async ({ kumaDPUser, inbound, outbound, pause, on, networks }) => {
      const config = defaultConfig();
      Object.assign(config.redirect.inbound, inbound);
      Object.assign(config.redirect.outbound, outbound);
      Object.assign(config, { kumaDPUser, verbose: on, cniMode: on, dryRun: !on });
      config.redirect.vnet.networks = networks;
      config.retry.sleepBetweenRetries = pause;
      Object.assign(config.log, { enabled: on, level: on ? 3 : 7 });
      config.ebpf.enabled = on;
      if (on) config.iptablesExecutables = { "ip6tables-restore": "/x" };
      const parsed = await parseDocument(serialiseConfig(config), "x");
      assert.deepEqual(parsed.warnings, []);
      assert.deepEqual(mergeSources({ name: "x", parsed }, {}).config, config);
    }),
    runs(300),
  );
});
