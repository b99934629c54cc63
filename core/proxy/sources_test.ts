import assert from "node:assert/strict";
import { KumaError } from "../errors.ts";
import { defaultConfig } from "./config.ts";
import { parseDocument } from "./document.ts";
import { defaultOf, SETTINGS } from "./options.ts";
import {
  applyFlags,
  ENVIRONMENT_NAMES,
  flagNames,
  type FlagValue,
  impliedByCaptureAll,
  mergeSources,
} from "./sources.ts";

const P = "KUMA_TRANSPARENT_PROXY_";

function flags(...words: string[]): FlagValue[] {
  return words.map((word) => {
    const [flag = "", ...value] = word.split("=");
    return { flag, value: value.join("=") };
  });
}

Deno.test("every setting has a default of its kind, keys, variables and flags are used once", () => {
  const kinds: Record<string, string> = {
    bool: "boolean",
    uint: "number",
    uint16: "number",
    port: "number",
    duration: "number",
    text: "string",
    family: "string",
    backend: "string",
    chain: "string",
  };
  for (const setting of SETTINGS) {
    const value = defaultOf(setting);
    if (setting.key.startsWith("iptablesExecutables.")) continue;
    const expected = kinds[setting.kind];
    if (expected === undefined) assert.equal(typeof value, "object", setting.key);
    else assert.equal(typeof value, expected, setting.key);
  }
  const unique = (names: (string | undefined)[]) => {
    const given = names.filter((name) => name !== undefined);
    assert.equal(new Set(given).size, given.length, given.join());
  };
  unique(SETTINGS.map(({ key }) => key));
  unique(SETTINGS.map(({ env }) => env));
  unique(SETTINGS.flatMap(flagNames));
});

Deno.test("without any source the defaults come out", () => {
  const { config, provenance } = mergeSources(undefined, { PATH: "/bin", HOME: "" });
  assert.deepEqual(config, defaultConfig());
  assert.equal(provenance.size, 0);
});

Deno.test("document < environment < flags, and each says what it decided", async () => {
  const parsed = await parseDocument(
    "redirect: {inbound: {port: 1, excludePorts: [1]}, outbound: {port: 1}}\nwait: 1",
    "f",
  );
  const merged = mergeSources({ name: "f", parsed }, {
    [`${P}REDIRECT_INBOUND_PORT`]: "2",
    [`${P}REDIRECT_INBOUND_EXCLUDE_PORTS`]: "2,3",
  });
  const { config, provenance } = applyFlags(merged, flags("redirect-inbound-port=3"));
  assert.equal(config.redirect.inbound.port, 3);
  assert.deepEqual(config.redirect.inbound.excludePorts, [2, 3]);
  assert.equal(config.redirect.outbound.port, 1);
  assert.equal(merged.config.redirect.inbound.port, 2);
  assert.deepEqual(Object.fromEntries(provenance), {
    "redirect.inbound.port": "--redirect-inbound-port",
    "redirect.inbound.excludePorts": `${P}REDIRECT_INBOUND_EXCLUDE_PORTS`,
    "redirect.outbound.port": "f",
    "wait": "f",
  });
});

Deno.test("a bare variable counts where the prefixed one is unset", () => {
  const bare = mergeSources(undefined, {
    KUMA_DP_USER: "7",
    EXCLUDE_PORTS_FOR_IPS: "10.0.0.1,::1",
    EXCLUDE_PORTS_FOR_UIDS: "tcp:22:1",
    IPTABLES_EXECUTABLES: "iptables:/a",
  }).config;
  assert.equal(bare.kumaDPUser, "7");
  assert.deepEqual(bare.redirect.inbound.excludePortsForIPs, ["10.0.0.1", "::1"]);
  assert.deepEqual(bare.redirect.outbound.excludePortsForIPs, ["10.0.0.1", "::1"]);
  assert.deepEqual(bare.redirect.outbound.excludePortsForUIDs, ["tcp:22:1"]);
  assert.deepEqual(bare.iptablesExecutables, { iptables: "/a" });
  const both = mergeSources(undefined, { KUMA_DP_USER: "7", [`${P}KUMA_DP_USER`]: "" });
  assert.equal(both.config.kumaDPUser, "");
  assert.ok(ENVIRONMENT_NAMES.includes("KUMA_DP_USER"));
  assert.ok(ENVIRONMENT_NAMES.includes(`${P}REDIRECT_INBOUND_CHAIN_NAME`));
});

Deno.test("a variable that is set but empty counts", () => {
  const empty = (name: string) => mergeSources(undefined, { [P + name]: "" }).config;
  assert.deepEqual(empty("REDIRECT_INBOUND_EXCLUDE_PORTS").redirect.inbound.excludePorts, []);
  assert.equal(empty("IP_FAMILY_MODE").ipFamilyMode, "dualstack");
  for (const name of ["REDIRECT_DNS_ENABLED", "WAIT", "REDIRECT_DNS_PORT", "LOG_LEVEL"]) {
    assert.throws(
      () => empty(name),
      (thrown) =>
        thrown instanceof KumaError &&
        thrown.message.startsWith(`environment variable ${P}${name}: `),
    );
  }
});

Deno.test("lists: a flag replaces what is below it, a repeatable one adds, executables merge", () => {
  const below = mergeSources(undefined, {
    [`${P}REDIRECT_VNET_NETWORKS`]: "a:10.0.0.0/8",
    [`${P}IPTABLES_EXECUTABLES`]: "iptables:/a,iptables-save:/b",
  });
  const { config } = applyFlags(
    below,
    flags(
      "vnet=b:10.0.0.0/8",
      "vnet=c:::1/64",
      "exclude-outbound-ports=1,2",
      "exclude-outbound-ports=3",
      "iptables-executables=iptables:/c",
      "exclude-outbound-ports-for-uids=tcp:22,23:1",
      "kuma-dp-user=1",
      "kuma-dp-uid=2",
      "sleep-between-retries=2s",
      "config-file=x",
    ),
  );
  assert.deepEqual(config.redirect.vnet.networks, ["b:10.0.0.0/8", "c:::1/64"]);
  assert.deepEqual(config.redirect.outbound.excludePorts, [3]);
  assert.deepEqual(config.redirect.outbound.excludePortsForUIDs, ["tcp:22,23:1"]);
  assert.deepEqual(config.iptablesExecutables, { "iptables": "/c", "iptables-save": "/b" });
  assert.equal(config.kumaDPUser, "2");
  assert.equal(config.retry.sleepBetweenRetries, 2000);
});

Deno.test("a bad flag is refused in Kuma's words", () => {
  const merged = mergeSources(undefined, {});
  assert.throws(() => applyFlags(merged, flags("redirect-dns-port=; rm -rf /")), {
    message: 'invalid argument "; rm -rf /" for "--redirect-dns-port" flag: ' +
      "value '; rm -rf /' is not a valid port (uint16 in the range [1, 65535])",
  });
});

Deno.test("capturing all DNS means redirecting DNS", () => {
  const config = defaultConfig();
  assert.equal(impliedByCaptureAll(config).redirect.dns.enabled, false);
  config.redirect.dns.captureAll = true;
  assert.equal(impliedByCaptureAll(config).redirect.dns.enabled, true);
  assert.equal(config.redirect.dns.enabled, false);
});
