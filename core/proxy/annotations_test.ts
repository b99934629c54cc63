import assert from "node:assert/strict";
import fc from "fast-check";
import { anyCharacter } from "core/text/testing/any_character.ts";
import { KumaError } from "../errors.ts";
import { ANNOTATIONS } from "../kube/annotations.ts";
import { type Annotations, configFromAnnotations } from "./annotations.ts";
import { defaultConfig } from "./config.ts";
import { resolveConfig, sidecarUid } from "./resolve.ts";
import { runs } from "tests/support/property.ts";

async function configOf(annotations: Annotations) {
  return (await configFromAnnotations(annotations)).config;
}

async function refused(annotations: Annotations): Promise<string> {
  try {
    await configFromAnnotations(annotations);
  } catch (thrown) {
    assert.ok(thrown instanceof KumaError, String(thrown));
    assert.equal(thrown.code, "KUMA-TP-022");
    assert.ok(thrown.line.length < 400, thrown.line);
    return thrown.line;
  }
  return assert.fail(`not refused: ${JSON.stringify(annotations).slice(0, 100)}`);
}

Deno.test("a pod without annotations has the defaults of the CNI plugin", async () => {
  const config = await configOf({});
  assert.deepEqual(config.redirect.inbound.excludePorts, [9901, 9001]);
  assert.deepEqual(config.redirect.outbound.excludePorts, [9901]);
  assert.deepEqual([config.cniMode, config.verbose, config.redirect.dns.enabled], [
    true,
    true,
    false,
  ]);
  assert.deepEqual([config.redirect.inbound.port, config.redirect.outbound.port], [15006, 15001]);
  assert.equal(sidecarUid(config), 5678);
});

Deno.test("every single annotation has its effect", async () => {
  const config = await configOf({
    [ANNOTATIONS.sidecarUid]: "1337",
    [ANNOTATIONS.transparentProxyingInboundPort]: "1",
    [ANNOTATIONS.transparentProxyingOutboundPort]: "2",
    [ANNOTATIONS.transparentProxyingIpFamilyMode]: "ipv6",
    [ANNOTATIONS.excludeInboundPorts]: " 3355 , 1 ",
    [ANNOTATIONS.excludeOutboundPorts]: "",
    [ANNOTATIONS.excludeInboundIps]: "10.0.0.1, fd00::/8,",
    [ANNOTATIONS.excludeOutboundIps]: "",
    [ANNOTATIONS.applicationProbeProxyPort]: "19988",
    [ANNOTATIONS.excludeOutboundPortsForUids]: "tcp:80:1234;udp:53:1234;",
    [ANNOTATIONS.excludeOutboundTcpPortsForUids]: "443:1234",
    [ANNOTATIONS.excludeOutboundUdpPortsForUids]: "53:1234;77",
    [ANNOTATIONS.builtinDns]: "yes",
    [ANNOTATIONS.builtinDnsPort]: "5353",
    [ANNOTATIONS.dropInvalidPackets]: "Enabled",
    [ANNOTATIONS.iptablesLogs]: "true",
    "example.com/other": "\n",
  });
  const { inbound, outbound, dns } = config.redirect;
  assert.equal(config.kumaDPUser, "1337");
  assert.deepEqual([inbound.port, outbound.port, config.ipFamilyMode], [1, 2, "ipv6"]);
  assert.deepEqual(inbound.excludePorts, [3355, 1, 19988]);
  assert.deepEqual(outbound.excludePorts, []);
  assert.deepEqual(inbound.excludePortsForIPs, ["10.0.0.1", "fd00::/8"]);
  assert.deepEqual(outbound.excludePortsForIPs, []);
  assert.deepEqual(outbound.excludePortsForUIDs, [
    "tcp:80:1234",
    "udp:53:1234",
    "tcp:443:1234",
    "udp:53:1234",
    "udp:*:77",
  ]);
  assert.deepEqual([dns.enabled, dns.captureAll, dns.port], [true, true, 5353]);
  assert.deepEqual([config.dropInvalidPackets, config.log.enabled], [true, true]);
});

Deno.test("a gateway's inbound is left alone, a probe port of 0 adds nothing", async () => {
  for (const value of ["enabled", "yes", "provided", "TRUE"]) {
    const gateway = await configOf({ [ANNOTATIONS.gateway]: value });
    assert.deepEqual([gateway.redirect.inbound.enabled, gateway.redirect.inbound.excludePorts], [
      false,
      [],
    ]);
  }
  const none = await configOf({ [ANNOTATIONS.applicationProbeProxyPort]: "0" });
  assert.deepEqual(none.redirect.inbound.excludePorts, [9901]);
});

Deno.test("the single annotation is read as a document, in CNI mode whatever it says", async () => {
  const { config, warnings } = await configFromAnnotations({
    [ANNOTATIONS.transparentProxyConfig]:
      "cniMode: false\nredirect: {dns: {enabled: true}}\nnew: 1\n",
    [ANNOTATIONS.excludeInboundPorts]: "not looked at",
  });
  assert.deepEqual([config.cniMode, config.redirect.dns.enabled], [true, true]);
  assert.deepEqual(config.redirect.inbound.excludePorts, []);
  assert.match(
    warnings[0] ?? "",
    /^traffic.kuma.io\/transparent-proxy-config:3:1: unknown key 'new'/,
  );
});

Deno.test("a bad value is refused with the annotation's name", async () => {
  const cases: [keyof typeof ANNOTATIONS, string][] = [
    ["excludeInboundPorts", "22,$(reboot)"],
    ["excludeInboundPorts", "１２"],
    ["excludeOutboundPorts", "65536"],
    ["excludeOutboundPorts", "0"],
    ["excludeInboundIps", "10.0.0.1\n-A OUTPUT -j ACCEPT"],
    ["excludeOutboundIps", "fe80::1%eth0"],
    ["excludeOutboundPortsForUids", "tcp:22:"],
    ["excludeOutboundTcpPortsForUids", "tcp:443:1234"],
    ["excludeOutboundUdpPortsForUids", "53:root"],
    ["sidecarUid", "no user"],
    ["sidecarUid", "4294967295"],
    ["transparentProxyingInboundPort", "1,2"],
    ["transparentProxyingIpFamilyMode", ""],
    ["gateway", "maybe"],
    ["builtinDns", ""],
    ["builtinDnsPort", "65536"],
    ["applicationProbeProxyPort", "-1"],
    ["transparentProxyConfig", "wait: [\n"],
    ["transparentProxyConfig", "kumaDPUser: kuma dp"],
    ["transparentProxyConfig", "redirect: {vnet: {networks: ['a b:1.2.3.4/8']}}"],
  ];
  for (const [name, value] of cases) {
    const line = await refused({ [ANNOTATIONS[name]]: value });
    assert.ok(line.includes(ANNOTATIONS[name]), line);
  }
});

Deno.test("a huge value is refused before it is read, and shown shortly", async () => {
  for (
    const key of ["excludeInboundPorts", "excludeOutboundIps", "transparentProxyConfig"] as const
  ) {
    for (
      const value of ["1,".repeat(500_000), "\u{1F600}".repeat(250_000), "-".repeat(1_000_000)]
    ) {
      const line = await refused({ [ANNOTATIONS[key]]: value });
      assert.ok(
        line.length < 250 && /at most \d+ are read|more than \d+ characters/.test(line),
        line,
      );
    }
  }
});

Deno.test("whatever the annotations hold: rules' texts that are safe, or a refusal", async () => {
  const name = fc.constantFrom(...Object.values(ANNOTATIONS));
  const value = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 30 }),
    fc.stringMatching(/^[0-9a-z,;:./*-]{0,16}$/),
    fc.constantFrom(
      "",
      "true",
      "tcp:22:1000",
      "10.0.0.0/8",
      "22, 80",
      "dualstack",
      "5678",
      "enabled",
    ),
    fc.stringMatching(/^[$`'"\\|&<>\n;]{1,6}$/),
  );
  const annotations = fc.array(fc.tuple(name, value), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(annotations, async (pairs) => {
      try {
        const { config } = await configFromAnnotations(Object.fromEntries(pairs));
        const resolved = resolveConfig(config, sidecarUid(config));
        const texts = [...resolved.inbound.excludeAddresses, ...resolved.outbound.excludeAddresses];
        for (const { text } of texts) assert.match(text, /^[0-9a-fA-F:./]+$/);
        for (const { iface } of resolved.vnets) assert.match(iface, /^[A-Za-z0-9_.@+-]{1,15}$/);
        for (const { chain } of [resolved.inbound, resolved.outbound]) {
          assert.match(chain, /^[A-Z_]+$/);
        }
      } catch (thrown) {
        assert.ok(thrown instanceof KumaError, String(thrown));
        assert.ok(thrown.line.length < 500 && !/[\r\n]/.test(thrown.line), thrown.line);
      }
    }),
    runs(10_000),
  );
});

Deno.test("what a gateway's annotations say of inbound traffic is not looked at", async () => {
  for (const port of ["0", "15006,15007", "none", ""]) {
    const { config } = await configFromAnnotations({
      "kuma.io/gateway": "enabled",
      "kuma.io/transparent-proxying-inbound-port": port,
      "traffic.kuma.io/exclude-inbound-ports": "x",
      "traffic.kuma.io/exclude-inbound-ips": "y",
      "kuma.io/application-probe-proxy-port": "z",
    });
    assert.deepEqual(config.redirect.inbound, {
      ...defaultConfig().redirect.inbound,
      enabled: false,
    });
  }
});

Deno.test("port 0 of the probe proxy is none, however it is written", async () => {
  for (const port of ["0", "00", " 0 "]) {
    const { config } = await configFromAnnotations({
      "kuma.io/application-probe-proxy-port": port,
      "traffic.kuma.io/exclude-inbound-ports": "22",
    });
    assert.deepEqual(config.redirect.inbound.excludePorts, [22], port);
  }
});

Deno.test("IPv4-mapped addresses of an annotation are IPv4 ones, a comma alone is none", async () => {
  const { config } = await configFromAnnotations({
    "traffic.kuma.io/exclude-inbound-ips": ",",
    "traffic.kuma.io/exclude-outbound-ips": "::ffff:10.0.0.1,::ffff:10.1.0.0/112,fd00::1",
  });
  assert.deepEqual(config.redirect.inbound.excludePortsForIPs, []);
  assert.deepEqual(config.redirect.outbound.excludePortsForIPs, [
    "10.0.0.1",
    "10.1.0.0/16",
    "fd00::1",
  ]);
});

Deno.test("a sidecar UID may name a user, in a document too", async () => {
  const single = await configFromAnnotations({ "kuma.io/sidecar-uid": "kuma-dp" });
  assert.equal(single.config.kumaDPUser, "kuma-dp");
  const text = "kumaDPUser: kuma-dp\n";
  const whole = await configFromAnnotations({ "traffic.kuma.io/transparent-proxy-config": text });
  assert.equal(whole.config.kumaDPUser, "kuma-dp");
});

Deno.test("switches that say nothing are off, with a warning", async () => {
  for (const name of ["drop-invalid-packets", "iptables-logs"]) {
    for (
      const [text, on, warned] of [["True", true, 0], ["", false, 1], ["1", false, 1]] as const
    ) {
      const { config, warnings } = await configFromAnnotations({
        [`traffic.kuma.io/${name}`]: text,
      });
      const value = name === "iptables-logs" ? config.log.enabled : config.dropInvalidPackets;
      assert.equal(value, on, `${name}: ${text}`);
      assert.equal(warnings.length, warned, `${name}: ${text}`);
    }
  }
});
