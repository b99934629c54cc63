import assert from "node:assert/strict";
import type { Json, JsonObject } from "core/patch/json.ts";
import { ApiError } from "core/kube/api_error.ts";
import { deployedSettings } from "./deployed_settings.ts";

const SERVICE = { namespace: "kuma-system", name: "kuma-control-plane" };
const container: JsonObject = {
  name: "control-plane",
  args: ["run", "--log-level=info", "--config-file=/etc/kuma.io/kuma-control-plane/config.yaml"],
  env: [
    {
      name: "KUMA_STORE_KUBERNETES_SYSTEM_NAMESPACE",
      valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } },
    },
    { name: "KUMA_DP_SERVER_PORT", value: "5679" },
    { name: "KUMA_MODE", valueFrom: { configMapKeyRef: { name: "more", key: "mode" } } },
    { name: "KUMA_SECRET", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
    { name: "PATH", value: "/bin" },
  ],
  volumeMounts: [{ name: "config", mountPath: "/etc/kuma.io/kuma-control-plane" }],
};

/** What a cluster with Kuma's control plane gives for each path; 403 for everything else. */
function cluster(over: Record<string, Json> = {}) {
  const answers: Record<string, Json> = {
    "mutatingwebhookconfigurations/kuma-admission-mutating-webhook-configuration": {
      webhooks: [
        {
          name: "mesh.defaulter.kuma-admission.kuma.io",
          clientConfig: { service: { name: "other" } },
        },
        { name: "pods-kuma-injector.kuma.io", clientConfig: { service: SERVICE } },
      ],
    },
    "services/kuma-control-plane": { spec: { selector: { app: "kuma-control-plane" } } },
    "kuma-system/deployments": {
      items: [
        { metadata: { name: "other" }, spec: { template: { metadata: { labels: { app: "x" } } } } },
        {
          metadata: { name: "kuma-control-plane" },
          spec: {
            template: {
              metadata: { labels: { app: "kuma-control-plane", more: "y" } },
              spec: {
                containers: [container],
                volumes: [{ name: "config", configMap: { name: "kuma-control-plane-config" } }],
              },
            },
          },
        },
      ],
    },
    "configmaps/kuma-control-plane-config": { data: { "config.yaml": "mode: zone\n" } },
    "configmaps/more": { data: { mode: "zone" } },
    ...over,
  };
  return {
    json(path: string): Promise<Json> {
      const found = Object.entries(answers).find(([end]) => path.endsWith(end));
      if (found !== undefined) return Promise.resolve(found[1]);
      return Promise.reject(new ApiError("GET", path, { status: 403, text: "forbidden" }));
    },
  };
}

Deno.test("variables and document of the Deployment that the cluster calls are the settings", async () => {
  assert.deepEqual(await deployedSettings(cluster()), {
    environment: {
      KUMA_STORE_KUBERNETES_SYSTEM_NAMESPACE: "kuma-system",
      KUMA_DP_SERVER_PORT: "5679",
      KUMA_MODE: "zone",
    },
    document: { name: "ConfigMap kuma-control-plane-config", text: "mode: zone\n" },
    source: "Deployment kuma-system/kuma-control-plane",
    assumptions: ["KUMA_SECRET of the injector is not set, since it cannot be read"],
  });
});

Deno.test("what cannot be read is assumed, and why is said", async () => {
  const cases: [Record<string, Json>, RegExp][] = [
    [
      { "mutatingwebhookconfigurations/kuma-admission-mutating-webhook-configuration": {} },
      /names no Service/,
    ],
    [{ "kuma-system/deployments": { items: [] } }, /no Deployment is behind Service kuma-system\//],
    [{ "services/kuma-control-plane": { spec: {} } }, /no Deployment is behind/],
  ];
  for (const [over, expected] of cases) {
    const { source, environment, assumptions } = await deployedSettings(cluster(over));
    assert.deepEqual([source, environment], [undefined, {}]);
    assert.match(assumptions[0] ?? "", /^the injector has the default settings, since its own/);
    assert.match(assumptions[0] ?? "", expected);
  }
  const denied = cluster();
  const some = {
    json: (path: string) =>
      path.includes("/configmaps/")
        ? Promise.reject(new ApiError("GET", path, { status: 403, text: "no" }))
        : denied.json(path),
  };
  const half = await deployedSettings(some);
  assert.equal(half.environment.KUMA_DP_SERVER_PORT, "5679");
  assert.equal(
    half.assumptions.filter((one) => /^ConfigMap .* is empty, since/.test(one)).length,
    2,
  );
  const nobody = {
    json: (path: string) => Promise.reject(new ApiError("GET", path, { status: 403, text: "no" })),
  };
  assert.match((await deployedSettings(nobody)).assumptions[0] ?? "", /403/);
});
