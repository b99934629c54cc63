import assert from "node:assert/strict";
import fc from "fast-check";
import { defaultConfig } from "./config.ts";
import { parseDocument } from "./document.ts";
import { putSetting, type SettingValue } from "./kinds.ts";
import { SETTINGS } from "./options.ts";
import { serialiseConfig } from "./serialise.ts";
import { mergeSources } from "./sources.ts";
import { valueOf } from "./testing/settings.ts";
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

Deno.test("every setting of a document that is set, written and read back is what it was", async () => {
  for (const setting of SETTINGS.filter(({ inDocument }) => inDocument !== false)) {
    await fc.assert(
      fc.asyncProperty(valueOf(setting.kind), async (value) => {
        const config = defaultConfig();
        // What is off is left out with all that belongs to it, as Kuma 2.9 does.
        config.ebpf.enabled = config.log.enabled = true;
        putSetting(config, setting, value as SettingValue);
        const off = ["ebpf.enabled", "log.enabled"].includes(setting.key) && value === false;
        const parsed = await parseDocument(serialiseConfig(config), "x");
        assert.deepEqual(parsed.warnings, []);
        const read = mergeSources({ name: "x", parsed }, {}).config;
        if (!off) assert.deepEqual(read, config, setting.key);
        else assert.equal(read.ebpf.enabled && read.log.enabled, false);
      }),
      runs(30),
    );
  }
});

Deno.test("all settings at once are read back", async () => {
  const settings = SETTINGS.filter(({ inDocument }) => inDocument !== false);
  const values = fc.tuple(...settings.map(({ kind }) => valueOf(kind)));
  await fc.assert(
    fc.asyncProperty(values, async (all) => {
      const config = defaultConfig();
      for (const [index, setting] of settings.entries()) {
        putSetting(config, setting, all[index] as SettingValue);
      }
      config.ebpf.enabled = config.log.enabled = true;
      const parsed = await parseDocument(serialiseConfig(config), "x");
      assert.deepEqual(parsed.warnings, []);
      assert.deepEqual(mergeSources({ name: "x", parsed }, {}).config, config);
    }),
    runs(100),
  );
});
