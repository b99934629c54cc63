import assert from "node:assert/strict";
import { defaultConfig, type TransparentProxyConfig } from "./config.ts";
import { refusal } from "core/grammar/testing.ts";
import { parseNameservers } from "./resolv_conf.ts";
import { resolveConfig, sidecarUid } from "./resolve.ts";

function changed(change: (config: TransparentProxyConfig) => void): TransparentProxyConfig {
  const config = defaultConfig();
  change(config);
  return config;
}

Deno.test("the defaults resolve to Kuma's chains and ports", () => {
  const resolved = resolveConfig(defaultConfig(), 5678, assert.fail);
  assert.equal(resolved.uid, 5678);
  assert.deepEqual([resolved.inbound.chain, resolved.outbound.redirectChain], [
    "KUMA_MESH_INBOUND",
    "KUMA_MESH_OUTBOUND_REDIRECT",
  ]);
  assert.deepEqual([resolved.inbound.port, resolved.outbound.port, resolved.dns.port], [
    15006,
    15001,
    15053,
  ]);
  assert.deepEqual([resolved.dns.zoneSplit, resolved.comments, resolved.logLevel], [
    true,
    true,
    undefined,
  ]);
});

Deno.test("texts are parsed, the last network of an interface and family counts", () => {
  const resolved = resolveConfig(
    changed(({ redirect, log }) => {
      redirect.outbound.excludePortsForUIDs = ["tcp:22:1", "udp:53:1000-2000"];
      redirect.outbound.excludePortsForIPs = ["10.0.0.1, ::1", "fd00::/8"];
      redirect.vnet.networks = ["a:10.0.0.0/8", "a:fd00::/8", "a:11.0.0.0/8"];
      log.enabled = true;
    }),
    1,
  );
  assert.deepEqual(resolved.outbound.excludeUids.map(({ protocol }) => protocol), ["tcp", "udp"]);
  assert.deepEqual(resolved.outbound.excludeAddresses.map(({ text }) => text), [
    "10.0.0.1",
    "::1",
    "fd00::/8",
  ]);
  assert.deepEqual(resolved.vnets.map(({ cidr }) => cidr.text), ["11.0.0.0/8", "fd00::/8"]);
  assert.equal(resolved.logLevel, 7);
});

Deno.test("exclusions of inbound ports for users are ignored with a warning", () => {
  const warnings: string[] = [];
  const config = changed(({ redirect }) => {
    redirect.inbound.excludePortsForUIDs = ["tcp:22:1"];
    redirect.inbound.includePorts = [1];
    redirect.inbound.excludePorts = [2];
  });
  const resolved = resolveConfig(config, 1, (warning) => warnings.push(warning));
  assert.deepEqual(resolved.inbound.excludeUids, []);
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] ?? "", /^redirect.inbound.excludePortsForUIDs is ignored/);
});

Deno.test("a bad text is refused with Kuma's words around the reason", () => {
  const bad = changed(({ redirect }) => redirect.outbound.excludePortsForUIDs = ["tcp:22:x"]);
  assert.equal(
    refusal("KUMA-TP-004", () => resolveConfig(bad, 1)),
    "unable to initialize IPv4 redirect configuration: unable to initialize .Outbound: parsing excluded " +
      "outbound ports for uids failed: invalid UID range: validation failed for value or range 'x': " +
      "invalid uint32 value: 'x'",
  );
  const address = changed(({ redirect }) => redirect.inbound.excludePortsForIPs = [""]);
  assert.match(
    refusal("KUMA-TP-005", () => resolveConfig(address, 1)),
    /\.Inbound: parsing excluded outbound ports for IPs failed: invalid exclusion rule: the rule cannot/,
  );
  const chains = changed(({ redirect }) => redirect.inbound.chainName = "OUTBOUND");
  refusal("KUMA-TP-011", () => resolveConfig(chains, 1));
  const level = changed(({ log }) => Object.assign(log, { enabled: true, level: 8 }));
  refusal("KUMA-TP-009", () => resolveConfig(level, 1));
});

Deno.test("the sidecar's UID is taken as it is", () => {
  assert.equal(sidecarUid(defaultConfig()), 5678);
  assert.equal(sidecarUid(changed((config) => config.kumaDPUser = "70000")), 70000);
  refusal("KUMA-TP-004", () => sidecarUid(changed((config) => config.kumaDPUser = "kuma-dp")));
});

Deno.test("nameservers by family; scoped ones are skipped", () => {
  const text = [
    "# nameserver 9.9.9.9",
    "nameserver 10.0.0.2",
    "\tnameserver\t fd00::2 # trailing",
    "nameserver fe80::1%eth0",
    "nameserver 10.0.0.2\r",
    "nameserver ::ffff:10.0.0.3",
    "nameserver ::ffff:a00:35",
    "nameservers 10.0.0.4",
    "nameserver",
    "search nameserver 10.0.0.5",
    "nameserver dns.example",
  ].join("\n");
  assert.deepEqual(parseNameservers(text, "ipv4"), [
    "10.0.0.2",
    "10.0.0.2",
    "10.0.0.3",
    "10.0.0.53",
  ]);
  assert.deepEqual(parseNameservers(text, "ipv6"), ["fd00::2"]);
});
