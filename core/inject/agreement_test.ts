/**
 * A pod's traffic meets the same rules whether kuma-init writes them or kuma-cni, and a pod that was injected can start:
 * whatever its annotations and the operator's settings say.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { KumaError } from "core/errors.ts";
import { podConfiguration } from "core/interception/pod_configuration.ts";
import { TRAFFIC_ANNOTATIONS, type TrafficAnnotation } from "core/proxy/annotations.ts";
import type { TrafficKind } from "core/proxy/annotation_values.ts";
import { putSetting } from "core/proxy/kinds.ts";
import { settingOf, valueOf } from "core/proxy/options.ts";
import { resolveConfig, sidecarUid } from "core/proxy/resolve.ts";
import type { JsonObject } from "core/patch/json.ts";
import { runs } from "tests/support/property.ts";
import { injectPod } from "./inject.ts";
import { viewPod } from "./pod.ts";
import { SETTINGS } from "./settings/table.ts";
import { contextOf } from "./testing/cases_context.ts";
import { type InjectionCase, inputPod } from "./testing/cases_model.ts";

/** Values of each kind: right ones in every spelling, and wrong ones that a reader may take. */
const VALUES: Readonly<Record<TrafficKind, readonly string[]>> = {
  "switch": ["enabled", "true", "yes", "disabled", "no", "false", "TRUE", "", "maybe"],
  "packet switch": ["true", "yes", "enabled", "false", "no", "", "1"],
  gateway: ["enabled", "provided", "yes", "disabled", "no", "Provided", " enabled", "builtin"],
  user: ["5678", "1337", "root", "", "-1"],
  family: ["dualstack", "ipv4", "IPv4", "ipv6", "", "ipv5"],
  port: ["1", "15053", "65533", "65534", "65535", "0", "00", "0080", " 80", "65536", "", "x"],
  "port or default": ["1", "15053", "65533", "65534", "0", "00", "0080", " 80", "65536", "", "x"],
  "port or none": ["0", "00", "9001", "09001", "65535", "65536", "", "-1"],
  ports: ["", "80", " 80 , 443", "080", "80,,443,", "0", "65536", "80-90", "9001,80", "80,80"],
  addresses: [
    ...["", ",", "10.0.0.1", "10.0.0.0/8, fd00::/8", "::ffff:10.0.0.1", "10.0.0.1/33", "x"],
    ...["fe80::1%eth0", "10.0.0.0/08", "2001:DB8::1"],
  ],
  uids: [
    ...["1234", "80:1234", "tcp:80:1234;udp:53:1-2", "tcp:*:5;", ";", "", "tcp:80:", "*:*:1"],
    ...["80-90,443:7", "icmp:1:1", "4294967295", " 80 : 1"],
  ],
  "tcp uids": ["1234", "80:1234; 81:1", "*:1", "", "tcp:80:1", "80-90:1-2", ":1"],
  "udp uids": ["1234", "53:1234;", "", "udp:53:1", "*:*"],
};

const annotation = fc.constantFrom(...TRAFFIC_ANNOTATIONS).chain((row: TrafficAnnotation) =>
  fc.constantFrom(...VALUES[row.kind]).map((value): [string, string] => [row.name, value])
);
const annotations = fc.array(annotation, { maxLength: 5 }).map((pairs) =>
  Object.fromEntries(pairs)
);
const injector = fc.record({
  sidecarTraffic: fc.record({
    excludeInboundPorts: fc.constantFrom([], [7070], [9001, 1]),
    excludeOutboundPorts: fc.constantFrom([], [7071, 7072]),
    excludeInboundIPs: fc.constantFrom([], ["10.1.0.0/16"]),
    excludeOutboundIPs: fc.constantFrom([], ["10.2.0.0/16", "fd00::/8"]),
  }),
  sidecarContainer: fc.record({
    redirectPortInbound: fc.constantFrom(15006, 25006),
    redirectPortOutbound: fc.constantFrom(15001, 25001),
    uid: fc.constantFrom(5678, 1337),
    ipFamilyMode: fc.constantFrom("dualstack", "ipv4"),
  }),
  builtinDNS: fc.record({ enabled: fc.boolean(), port: fc.constantFrom(15053, 15099) }),
  applicationProbeProxyPort: fc.constantFrom(9001, 9002, 0),
  virtualProbesEnabled: fc.boolean(),
});
const DOCUMENT = "redirect: { dns: { enabled: true, captureAll: true }, " +
  "inbound: { excludePorts: [22] }, outbound: { excludePortsForUIDs: ['tcp:1:1'] } }\n" +
  "dropInvalidPackets: true\n";
const mode = fc.constantFrom<Partial<InjectionCase>>(
  {},
  { injector: { transparentProxyConfigMap: "tp" } },
);

/** What intercepts the pod that injection makes, or the code of the denial. */
async function outcome(one: InjectionCase, cniEnabled: boolean) {
  const asked = { ...one, injector: { ...one.injector, cniEnabled } };
  let pod: JsonObject;
  try {
    ({ pod } = await injectPod(viewPod(inputPod(asked), "app-ns"), contextOf(asked)));
  } catch (thrown) {
    assert.ok(thrown instanceof KumaError, String(thrown));
    return { denied: thrown.code };
  }
  const metadata = { ...pod.metadata as JsonObject, namespace: "app-ns", name: "web", uid: "u" };
  // What is injected can start: this throws where the plugin or kuma-init would refuse it.
  const found = await podConfiguration({ ...pod, metadata });
  assert.equal(found.by, cniEnabled ? "kuma-cni" : "kuma-init");
  for (const warning of found.warnings) assert.match(warning, /is off: '.*' says nothing/);
  // The difference that the table names: ports that kuma-cni excludes where nobody says any (`onNode`).
  for (const { name, sets: [key = ""], onNode } of TRAFFIC_ANNOTATIONS) {
    const source = found.provenance.get(key) ?? "";
    if (!Array.isArray(onNode) || !source.startsWith(`kuma-cni's, where annotation ${name} `)) {
      continue;
    }
    const setting = settingOf(key);
    const listed = valueOf(found.config, setting) as number[];
    putSetting(found.config, setting, listed.filter((port) => !onNode.includes(port)));
  }
  // The injector writes the probe proxy's port once more where it is excluded already, as Kuma does.
  const { inbound } = found.config.redirect;
  inbound.excludePorts = [...new Set(inbound.excludePorts)];
  const resolved = resolveConfig(found.config, sidecarUid(found.config));
  // Where DNS is not redirected, nothing goes by its port.
  return { rules: resolved.dns.enabled ? resolved : { ...resolved, dns: "off" } };
}

Deno.test("each annotation of the table that sets something names settings that there are", () => {
  for (const { name, sets, setting } of TRAFFIC_ANNOTATIONS) {
    for (const key of sets) settingOf(key);
    assert.ok(settingOf(sets.at(-1) ?? "").flag !== undefined, `${name} has no flag of kuma-init`);
    if (setting !== undefined) assert.ok(Object.hasOwn(SETTINGS, setting), `${name}: ${setting}`);
  }
});

Deno.test("kuma-init and kuma-cni agree about every pod, and what is injected can start", async () => {
  let injected = 0;
  const options = runs(600);
  await fc.assert(
    fc.asyncProperty(annotations, injector, mode, async (own, settings, more) => {
      const one: InjectionCase = {
        ...{ name: "agreement", file: "", annotations: own },
        injector: { ...settings, ...more.injector } as unknown as JsonObject,
        configMaps: { "kuma-system/tp": { "config.yaml": DOCUMENT } },
      };
      const [init, cni] = [await outcome(one, false), await outcome(one, true)];
      assert.deepEqual(init, cni);
      if (init.rules !== undefined) injected += 1;
    }),
    options,
  );
  assert.ok(injected > options.numRuns / 10, `${injected} of ${options.numRuns} injected`);
});
