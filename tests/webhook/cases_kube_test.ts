/**
 * Every written case once more, through a real API server: the pod it stores is compared with the pod it
 * would store if a person had written the expected one by hand.
 */
import assert from "node:assert/strict";
import { isObject, type JsonObject } from "core/patch/json.ts";
import { startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { contextOf, namespaceOf } from "core/inject/testing/cases_context.ts";
import {
  allCases,
  expectedPod,
  type InjectionCase,
  inputPod,
} from "core/inject/testing/cases_model.ts";
import { furnishKuma, PATCHES, startTestWebhook, type TestWebhook } from "./test_webhook.ts";

const test = requires("etcd");
const PODS = "/api/v1/namespaces/app-ns/pods";
/** The same in a namespace that no webhook looks at. */
const BARE_PODS = "/api/v1/namespaces/bare-ns/pods";
const CASES = allCases();

test(
  "the cases hold through a real API server",
  { sanitizeOps: false, sanitizeResources: false },
  async (t) => {
    await using cluster = await startApiServer();
    await furnishKuma(cluster, ["default", "blue"]);
    await cluster.createNamespace("app-ns");
    await cluster.createNamespace("bare-ns");
    const { cluster: _, ...context } = contextOf(CASES[0] as InjectionCase);
    await using webhook = await startTestWebhook(cluster, context);
    await hook(cluster, webhook);
    for (const one of CASES) {
      await t.step(`${one.file}: ${one.name}`, async () => {
        try {
          await prepare(cluster, webhook, one);
          await holds(cluster, one);
        } finally {
          await tidy(cluster, webhook, one);
        }
      });
    }
    await t.step(ODD.name, async () => {
      await prepare(cluster, webhook, ODD);
      await refused(cluster);
    });
  },
);

/** A well-formed container that Kubernetes does not take is for the API server to refuse, in its words. */
const ODD: InjectionCase = {
  name: "a mount of a volume that the pod does not have",
  file: "",
  annotations: { "kuma.io/container-patches": "odd" },
  patches: {
    odd: {
      sidecarPatch: [
        { op: "add", path: "/volumeMounts/-", value: '{"name": "gone", "mountPath": "/gone"}' },
      ],
    },
  },
};

async function refused(cluster: TestCluster): Promise<void> {
  const answer = await cluster.fetch("POST", PODS, inputPod(ODD));
  const { message } = await answer.json() as JsonObject;
  assert.equal(answer.status, 422);
  assert.match(
    String(message),
    /^Pod "demo" is invalid: spec\.containers\[0\]\.volumeMounts\[1\]\.name: Not found: "gone"$/,
  );
}

async function hook(cluster: TestCluster, webhook: TestWebhook): Promise<void> {
  await cluster.request(
    "POST",
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    {
      metadata: { name: "cases" },
      webhooks: [{
        name: "cases.example.com",
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        failurePolicy: "Fail",
        clientConfig: {
          url: `${webhook.url}/inject-sidecar`,
          caBundle: new TextEncoder().encode(webhook.caPem).toBase64(),
        },
        rules: [{
          apiGroups: [""],
          apiVersions: ["v1"],
          operations: ["CREATE"],
          resources: ["pods"],
        }],
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "app-ns" } },
      }],
    },
  );
  // The API server learns of a configuration a moment after it is stored.
  await waitUntil("the API server calls the webhook", async () => {
    const answer = await cluster.fetch("POST", `${PODS}?dryRun=All`, {
      metadata: { name: "probe", labels: { "kuma.io/sidecar-injection": "wrong" } },
      spec: { containers: [{ name: "a", image: "a" }] },
    });
    return (await answer.text()).includes("has wrong value");
  });
}

async function prepare(
  cluster: TestCluster,
  webhook: TestWebhook,
  one: InjectionCase,
): Promise<void> {
  const { cluster: _, ...context } = contextOf(one);
  webhook.context = { ...context, cluster: webhook.informed };
  const { labels, annotations } = namespaceOf(one);
  const own = await cluster.request<JsonObject>("GET", "/api/v1/namespaces/app-ns");
  const metadata = own.metadata as JsonObject;
  const wanted = { "kubernetes.io/metadata.name": "app-ns", ...labels };
  const changed = await cluster.request("PUT", "/api/v1/namespaces/app-ns", {
    ...own,
    metadata: { ...metadata, labels: wanted, annotations },
  });
  assert.ok(changed.metadata);
  for (const [name, spec] of Object.entries(one.patches ?? {})) {
    await cluster.request("POST", PATCHES, {
      apiVersion: "kuma.io/v1alpha1",
      kind: "ContainerPatch",
      metadata: { name },
      spec,
    });
  }
  for (const [key, data] of Object.entries(one.configMaps ?? {})) {
    const [namespace = "", name = ""] = key.split("/");
    await cluster.request("POST", `/api/v1/namespaces/${namespace}/configmaps`, {
      metadata: { name },
      data,
    });
  }
  await waitUntil("the webhook has seen the case", () => {
    const { informed } = webhook;
    const seen = informed.namespace("app-ns");
    return JSON.stringify(sorted(seen?.labels)) === JSON.stringify(sorted(wanted)) &&
      JSON.stringify(sorted(seen?.annotations)) === JSON.stringify(sorted(annotations)) &&
      Object.entries(one.patches ?? {}).every(([name, spec]) =>
        JSON.stringify(informed.containerPatch(name)?.spec)?.length ===
          JSON.stringify(spec).length
      ) &&
      Object.keys(one.configMaps ?? {}).every((key) => {
        const [namespace = "", name = ""] = key.split("/");
        return informed.configMap(namespace, name) !== undefined;
      });
  });
}

async function tidy(cluster: TestCluster, webhook: TestWebhook, one: InjectionCase): Promise<void> {
  for (const name of Object.keys(one.patches ?? {})) {
    await cluster.request("DELETE", `${PATCHES}/${name}`);
    await waitUntil("the patch is gone", () => webhook.informed.containerPatch(name) === undefined);
  }
  for (const key of Object.keys(one.configMaps ?? {})) {
    const [namespace = "", name = ""] = key.split("/");
    await cluster.request("DELETE", `/api/v1/namespaces/${namespace}/configmaps/${name}`);
    await waitUntil("it is gone", () => webhook.informed.configMap(namespace, name) === undefined);
  }
}

async function holds(cluster: TestCluster, one: InjectionCase): Promise<void> {
  const input = inputPod(one);
  const answer = await cluster.fetch("POST", PODS, input);
  const stored = await answer.json() as JsonObject;
  if (one.denied !== undefined) {
    assert.equal(answer.status, 403, JSON.stringify(stored));
    const said = String(stored.message);
    assert.ok(said.startsWith('admission webhook "cases.example.com" denied the request: '), said);
    assert.ok(said.includes(one.denied), said);
    return;
  }
  assert.equal(answer.status, 201, String(stored.message));
  await cluster.deletePod("app-ns", "demo");
  const wanted = one.untouched === undefined ? expectedPod(one) : input;
  const hand = await cluster.request<JsonObject>("POST", `${BARE_PODS}?dryRun=All`, {
    ...wanted,
    metadata: { ...(wanted.metadata as JsonObject), namespace: "bare-ns" },
  });
  assert.deepEqual(essence(stored), essence(hand));
  // A server that does not know them would drop a pod's own resources from both.
  const own = isObject(wanted.spec) ? wanted.spec.resources : undefined;
  assert.deepEqual(isObject(stored.spec) ? stored.spec.resources : undefined, own);
  const warning = answer.headers.get("warning") ?? "";
  if (one.warns !== undefined) {
    const start = one.warns.slice(0, 60).replaceAll('"', '\\"');
    assert.ok(warning.includes(start), `${warning} lacks ${start}`);
  }
}

/** What of a stored pod is not the server's own doing. */
function essence(pod: JsonObject): JsonObject {
  const { labels, annotations } = isObject(pod.metadata) ? pod.metadata : {};
  return { labels: labels ?? {}, annotations: annotations ?? {}, spec: pod.spec ?? {} };
}

function sorted(map: Readonly<Record<string, string>> = {}): [string, string][] {
  return Object.entries(map).sort(([a], [b]) => a < b ? -1 : 1);
}
