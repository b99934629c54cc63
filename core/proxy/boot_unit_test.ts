import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { bootCommand, bootDocument, bootUnit, isOurBootFile } from "./boot_unit.ts";
import { defaultConfig } from "./config.ts";
import { parseDocument } from "./document.ts";
import { mergeSources } from "./sources.ts";

const PATHS = { program: "/usr/local/bin/kumactl", config: "/etc/kuma-transparent-proxy.yaml" };

Deno.test("the unit runs the installation before the network, and is ours by its first line", () => {
  const text = bootUnit(defaultConfig(), PATHS);
  assert(isOurBootFile(text));
  assert.match(text, /^Before=network-pre\.target /m);
  assert.match(text, /^Wants=network-pre\.target$/m);
  assert.match(
    text,
    /^ExecStart=\/usr\/local\/bin\/kumactl install transparent-proxy --config-file \/etc\/kuma-transparent-proxy\.yaml$/m,
  );
  assert.doesNotMatch(text, /^Environment=/m);
  assert(!isOurBootFile(`[Unit]\n${text}`));
});

Deno.test("what systemd would read as something else is escaped, and a line break refused", () => {
  const config = defaultConfig();
  config.redirect.inbound.chainName = "MINE";
  const text = bootUnit(config, { ...PATHS, program: "/opt/50% off;/kumactl" });
  assert.match(text, /^ExecStart="\/opt\/50%% off;\/kumactl" install /m);
  assert.match(text, /^RequiresMountsFor="\/opt\/50%% off;\/kumactl"$/m);
  assert.match(text, /^Environment=KUMA_TRANSPARENT_PROXY_REDIRECT_INBOUND_CHAIN_NAME=MINE$/m);
  // systemd refuses the first three, and would look for another file than the fourth.
  for (
    const program of ['/a"b/kumactl', "/a'b/kumactl", "/a\\b/kumactl", "/$HOME/kumactl", "/a\nb"]
  ) {
    assert.throws(
      () => bootUnit(config, { ...PATHS, program }),
      (thrown) => thrown instanceof KumaError && thrown.code === "KUMA-TP-240",
      program,
    );
  }
});

Deno.test("what a unit runs is read back, and is another where somebody changed it", () => {
  const program = "/opt/50% off;/kumactl", unit = bootUnit(defaultConfig(), { ...PATHS, program });
  assert.equal(bootCommand(unit).program, program);
  const { rest } = bootCommand(unit);
  assert.equal(bootCommand(bootUnit(defaultConfig(), PATHS)).rest, rest, "wherever the program is");
  for (
    const changed of [
      unit.replace('" install ', '" uninstall '),
      unit.replace("[Install]", "ExecStartPost=/bin/true\n[Install]"),
      unit.replace(
        "[Install]",
        "Environment=KUMA_TRANSPARENT_PROXY_REDIRECT_INBOUND_PORT=1\n[Install]",
      ),
      unit.replace(/^ExecStart=.*$/m, "ExecStart=/bin/true"),
      unit.replace(/^ExecStart=.*\n/m, ""),
    ]
  ) assert.notEqual(bootCommand(changed).rest, rest, changed);
});

Deno.test("the document is read back to the very same settings", async () => {
  const config = defaultConfig();
  config.kumaDPUser = "kuma-dp";
  config.dryRun = true;
  config.ipFamilyMode = "ipv4";
  config.redirect.dns.enabled = true;
  config.redirect.inbound.excludePorts = [22, 2222];
  const text = bootDocument(config);
  const parsed = await parseDocument(text, "test");
  assert.deepEqual(parsed.warnings, []);
  const { config: back } = mergeSources({ name: "test", parsed }, {});
  assert.deepEqual(back, { ...config, dryRun: false });
});
