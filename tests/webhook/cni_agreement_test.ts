import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { viewPod as viewOnNode } from "core/kube/pod.ts";
import { configFromAnnotations } from "core/proxy/annotations.ts";
import { skipByPod } from "core/interception/skip.ts";
import { injectPod } from "core/inject/inject.ts";
import { viewPod } from "core/inject/pod.ts";
import { contextOf } from "core/inject/testing/cases_context.ts";
import { type InjectionCase, inputPod } from "core/inject/testing/cases_model.ts";

/** Injects a pod with the CNI on; gives the configuration that the plugin reads from it on the node. */
async function asThePluginSees(one: Partial<InjectionCase>) {
  const injector = { cniEnabled: true, ...one.injector };
  const whole: InjectionCase = { name: "agreement", file: "", ...one, injector };
  const { pod } = await injectPod(viewPod(inputPod(whole), "app-ns"), contextOf(whole));
  const metadata = { ...pod.metadata as JsonObject, namespace: "app-ns", name: "web", uid: "u" };
  const view = viewOnNode({ ...pod, metadata });
  assert.ok(view !== undefined);
  assert.equal(skipByPod(view), undefined, "the pod is the plugin's");
  const { config, warnings } = await configFromAnnotations(view.annotations);
  assert.deepEqual(warnings, []);
  assert.equal(config.cniMode, true);
  assert.equal(String(view.sidecarUser), config.kumaDPUser);
  return config;
}

/** The control plane's `KUMA_RUNTIME_KUBERNETES_SIDECAR_TRAFFIC_EXCLUDE_…`, as its document has them. */
const sidecarTraffic = {
  excludeInboundPorts: [7070],
  excludeOutboundPorts: [7071, 7072],
  excludeInboundIPs: ["10.1.0.0/16"],
  excludeOutboundIPs: ["10.2.0.0/16", "fd00::/8"],
};

Deno.test("the control plane's exclusions reach the plugin through the pod's annotations", async () => {
  const { redirect } = await asThePluginSees({ injector: { sidecarTraffic } });
  assert.deepEqual(redirect.inbound.excludePorts, [7070, 9001]);
  assert.deepEqual(redirect.outbound.excludePorts, [7071, 7072]);
  assert.deepEqual(redirect.inbound.excludePortsForIPs, ["10.1.0.0/16"]);
  assert.deepEqual(redirect.outbound.excludePortsForIPs, ["10.2.0.0/16", "fd00::/8"]);
});

Deno.test("the pod's own exclusions win, those of users are handed on", async () => {
  const { redirect } = await asThePluginSees({
    injector: { sidecarTraffic },
    annotations: {
      "traffic.kuma.io/exclude-outbound-ports": "1",
      "traffic.kuma.io/exclude-inbound-ips": "10.9.0.0/16",
      "traffic.kuma.io/exclude-outbound-ports-for-uids": "tcp:80:1234;udp:53:1235",
    },
  });
  assert.deepEqual(redirect.outbound.excludePorts, [1]);
  assert.deepEqual(redirect.inbound.excludePorts, [7070, 9001]);
  assert.deepEqual(redirect.inbound.excludePortsForIPs, ["10.9.0.0/16"]);
  assert.deepEqual(redirect.outbound.excludePortsForUIDs, ["tcp:80:1234", "udp:53:1235"]);
});

Deno.test("ports, user, family and DNS of the control plane reach the plugin", async () => {
  const config = await asThePluginSees({
    injector: {
      sidecarContainer: {
        ...{ redirectPortInbound: 25006, redirectPortOutbound: 25001 },
        ...{ uid: 1337, gid: 1337, ipFamilyMode: "ipv4" },
      },
      builtinDNS: { enabled: true, port: 15099 },
    },
  });
  assert.equal(config.redirect.inbound.port, 25006);
  assert.equal(config.redirect.outbound.port, 25001);
  assert.equal(config.kumaDPUser, "1337");
  assert.equal(config.ipFamilyMode, "ipv4");
  assert.equal(config.redirect.dns.enabled && config.redirect.dns.captureAll, true);
  assert.equal(config.redirect.dns.port, 15099);
});

for (const gateway of ["enabled", "yes"]) {
  Deno.test(`a delegated gateway (${gateway}) that is injected is one for the plugin too`, async () => {
    const { redirect } = await asThePluginSees({ annotations: { "kuma.io/gateway": gateway } });
    assert.equal(redirect.inbound.enabled, false);
  });
}

Deno.test("in ConfigMap mode the single annotation carries the same", async () => {
  const { redirect } = await asThePluginSees({
    injector: { sidecarTraffic, transparentProxyConfigMap: "tp" },
    configMaps: {
      "kuma-system/tp": {
        "config.yaml":
          "kumaDPUser: '5678'\nredirect: { vnet: { networks: ['docker0:172.17.0.0/16'] } }\n",
      },
    },
    annotations: { "traffic.kuma.io/exclude-outbound-ports-for-uids": "tcp:80:1234" },
  });
  assert.deepEqual(redirect.inbound.excludePorts, [7070, 9001]);
  assert.deepEqual(redirect.outbound.excludePorts, [7071, 7072]);
  assert.deepEqual(redirect.outbound.excludePortsForIPs, ["10.2.0.0/16", "fd00::/8"]);
  assert.deepEqual(redirect.outbound.excludePortsForUIDs, ["tcp:80:1234"]);
  // Only the document says this.
  assert.deepEqual(redirect.vnet.networks, ["docker0:172.17.0.0/16"]);
});
