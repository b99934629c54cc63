import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { loadSettings } from "./load.ts";
import { SETTINGS } from "./table.ts";

const TAINT = "KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER";

Deno.test("defaults are those of Kuma 2.9", () => {
  const { settings, warnings } = loadSettings(undefined, {});
  assert.equal(settings.taintEnabled, false);
  assert.equal(settings.cniNamespace, "kube-system");
  assert.equal(settings.podConcurrency, 10);
  assert.deepEqual(settings.nodeLabelsToCopy, [
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "kubernetes.io/hostname",
  ]);
  assert.deepEqual(warnings, []);
});

Deno.test("the environment wins over the document", () => {
  const text = "runtime: {kubernetes: {nodeTaintController: {enabled: true, cniApp: kuma-cni}}}";
  const file = { name: "kuma-cp.yaml", text };
  assert.equal(loadSettings(file, {}).settings.taintEnabled, true);
  const { settings, origins } = loadSettings(file, { [`${TAINT}_ENABLED`]: "false" });
  assert.equal(settings.taintEnabled, false);
  assert.equal(origins.taintEnabled, `${TAINT}_ENABLED`);
});

Deno.test("taints without a CNI app are refused", () => {
  assert.throws(
    () => loadSettings(undefined, { [`${TAINT}_ENABLED`]: "true" }),
    (thrown) => thrown instanceof KumaError && thrown.code === "KUMA-CTL-002",
  );
});

Deno.test("pods are deleted only where the CNI's pods are known", () => {
  const environment = {
    KUMA_RUNTIME_KUBERNETES_CONTROLLER_REPAIR: "delete",
    KUMA_RUNTIME_KUBERNETES_INJECTOR_CNI_ENABLED: "true",
  };
  assert.throws(
    () => loadSettings(undefined, environment),
    (thrown) => thrown instanceof KumaError && thrown.code === "KUMA-CTL-002",
  );
  const { settings } = loadSettings(undefined, { ...environment, [`${TAINT}_CNI_APP`]: "x" });
  assert.deepEqual([settings.repair, settings.repairsPerMinute], ["delete", 10]);
});

Deno.test("a Lease that ends before it can be renewed is refused", () => {
  const election = "KUMA_RUNTIME_KUBERNETES_LEADER_ELECTION";
  for (const [lease, renewal] of [["10s", "10s"], ["15s", "2s"]] as const) {
    const environment = {
      [`${election}_LEASE_DURATION`]: lease,
      [`${election}_RENEW_DEADLINE`]: renewal,
    };
    assert.throws(
      () => loadSettings(undefined, environment),
      (thrown) => thrown instanceof KumaError && thrown.code === "KUMA-CTL-001",
    );
  }
});

Deno.test("a misspelt key of the controller is warned about, others are the control plane's", () => {
  const text =
    "{other: 1, runtime: {kubernetes: {controller: {dataplane: off}, injector: {x: 1}}}}";
  assert.deepEqual(loadSettings({ name: "f", text }, {}).warnings, [
    "runtime.kubernetes.controller.dataplane is not a setting of the controller and has no effect",
  ]);
});

Deno.test("every key and every variable is there once", () => {
  const settings = Object.values(SETTINGS);
  assert.equal(new Set(settings.map(({ key }) => key)).size, settings.length);
  assert.equal(new Set(settings.map(({ env }) => env)).size, settings.length);
});
