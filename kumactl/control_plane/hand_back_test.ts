import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { injectionPatch, kumasRevision } from "./hand_back.ts";

const entry = (service: string, caBundle?: string): JsonObject => ({
  clientConfig: { service: { name: service }, ...caBundle === undefined ? {} : { caBundle } },
});

Deno.test("entries that call ours get the Service and the CA of those that call Kuma's", () => {
  const webhooks = [entry("kuma-control-plane", "Y2E="), entry("kuma-webhook", "b3Vycw==")];
  assert.deepEqual(injectionPatch({ webhooks }, ["kuma-webhook"]), [
    { op: "test", path: "/webhooks/1/clientConfig/service/name", value: "kuma-webhook" },
    { op: "replace", path: "/webhooks/1/clientConfig/service/name", value: "kuma-control-plane" },
    { op: "replace", path: "/webhooks/1/clientConfig/caBundle", value: "Y2E=" },
  ]);
});

Deno.test("where Kuma's entries have no CA of their own, neither have those that come back", () => {
  const webhooks = [entry("kuma-webhook", "b3Vycw=="), entry("kuma-control-plane")];
  assert.deepEqual(injectionPatch({ webhooks }, ["kuma-webhook"]).at(-1), {
    op: "remove",
    path: "/webhooks/0/clientConfig/caBundle",
  });
});

Deno.test("where nothing calls ours, nothing is patched; where all do, nobody knows Kuma's", () => {
  assert.deepEqual(
    injectionPatch({ webhooks: [entry("kuma-control-plane")] }, ["kuma-webhook"]),
    [],
  );
  assert.deepEqual(injectionPatch({}, ["kuma-webhook"]), []);
  assert.throws(() => injectionPatch({ webhooks: [entry("kuma-webhook")] }, ["kuma-webhook"]), {
    code: "KUMA-CP-009",
    hint: /upgrade Kuma/,
  });
});

Deno.test("Kuma's revision is the newest of that DaemonSet whose installer is not ours", () => {
  const revision = (number: number, name: string, variable: string): JsonObject => ({
    metadata: { ownerReferences: [{ kind: "DaemonSet", name }] },
    revision: number,
    data: { spec: { template: { spec: { containers: [{ env: [{ name: variable }] }] } } } },
  });
  const all = [
    revision(1, "kuma-cni-node", "CNI_CONF_NAME"),
    revision(2, "kuma-cni-node", "CNI_CONF_NAME"),
    revision(3, "kuma-cni-node", "CNI_DAEMONSET_NAME"),
    revision(9, "calico-node", "IP"),
  ];
  assert.equal(kumasRevision(all, "kuma-cni-node"), 2);
  assert.equal(kumasRevision(all.slice(2), "kuma-cni-node"), undefined);
});
