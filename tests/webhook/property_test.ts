/**
 * Any valid pod, any settings: the result is a pod that an API server takes, a second time changes
 * nothing, and who opts out is untouched byte for byte.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { silentLogger } from "core/log/logger.ts";
import { KumaError } from "core/errors.ts";
import type { Json, JsonObject } from "core/patch/json.ts";
import jsonpatch, { type Operation } from "fast-json-patch";
import { injectSidecar } from "../../webhook/admission/inject_sidecar.ts";
import { reviewOf } from "../../webhook/admission/review.ts";
import { injectPod } from "../../webhook/inject/inject.ts";
import { viewPod } from "../../webhook/inject/pod.ts";
import { startApiServer } from "../kube/apiserver.ts";
import { requires } from "../support/requires.ts";
import { contextOf } from "./cases_context.ts";
import type { InjectionCase } from "./cases_model.ts";

const port = fc.integer({ min: 1, max: 65_535 });
const seconds = fc.integer({ min: 1, max: 100 });

const probe = fc.oneof(
  fc.record({
    httpGet: fc.record({
      port: fc.oneof(port, fc.constantFrom("web", "nope")),
      path: fc.constantFrom("/", "/a?b=c", "x", "/%20"),
      scheme: fc.constantFrom("HTTP", "HTTPS"),
    }, { requiredKeys: ["port"] }),
    timeoutSeconds: seconds,
  }, { requiredKeys: ["httpGet"] }),
  fc.record({ tcpSocket: fc.record({ port }) }),
  fc.record({
    grpc: fc.record({ port, service: fc.constantFrom("", "s") }),
    timeoutSeconds: seconds,
  }),
  fc.record({ exec: fc.constant({ command: ["true"] }) }),
);

const container = (name: string) =>
  fc.record({
    name: fc.constant(name),
    image: fc.constant("image:1"),
    ports: fc.constant([{ name: "web", containerPort: 8080 }]),
    livenessProbe: probe,
    readinessProbe: probe,
    securityContext: fc.record({ runAsUser: fc.constantFrom(0, 1000, 5678) }),
  }, { requiredKeys: ["name", "image"] });

const annotation = {
  "kuma.io/gateway": fc.constantFrom("enabled", "disabled", "provided"),
  "kuma.io/virtual-probes": fc.constantFrom("enabled", "disabled"),
  "kuma.io/application-probe-proxy-port": fc.constantFrom("0", "9001", "9100"),
  "kuma.io/builtin-dns": fc.constantFrom("yes", "no"),
  "kuma.io/init-first": fc.constantFrom("true", "false"),
  "kuma.io/sidecar-drain-time": fc.constantFrom("1s", "1h", "5"),
  "kuma.io/sidecar-env-vars": fc.constantFrom("A=b", "A=b;POD_NAME=x", "A"),
  "kuma.io/envoy-admin-port": fc.constantFrom("0", "9902", "99999"),
  "kuma.io/transparent-proxying-ebpf": fc.constantFrom("true", "false"),
  "traffic.kuma.io/exclude-inbound-ports": fc.constantFrom("", "80", "80, 443", "x"),
  "traffic.kuma.io/exclude-outbound-ports-for-uids": fc.constantFrom("1000", "tcp:443:1-5;udp::7"),
  "kuma.io/wait-for-dataplane-ready": fc.constantFrom("true", "false"),
  "k8s.v1.cni.cncf.io/networks": fc.constantFrom("a", '[{"name":"a"}]'),
  "example.com/unknown": fc.string(),
};

const pod = fc.record({
  annotations: fc.record(annotation, { requiredKeys: [] }),
  label: fc.constantFrom(undefined, "enabled", "disabled", "false"),
  containers: fc.oneof(
    fc.tuple(container("app")),
    fc.tuple(container("app"), container("second")),
  ),
  initContainers: fc.oneof(fc.constant([]), fc.tuple(container("early"))),
}).map(({ annotations, label, containers, initContainers }): JsonObject => {
  const early = initContainers.map(({ name, image }) => ({ name, image }));
  const labels = {
    app: "a",
    ...(label === undefined ? {} : { "kuma.io/sidecar-injection": label }),
  };
  return JSON.parse(JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "demo", namespace: "app-ns", labels, annotations },
    spec: {
      automountServiceAccountToken: false,
      containers,
      ...(early.length > 0 ? { initContainers: early } : {}),
    },
  }));
});

const settings = fc.record({
  native: fc.boolean(),
  injector: fc.record({
    cniEnabled: fc.boolean(),
    virtualProbesEnabled: fc.boolean(),
    applicationProbeProxyPort: fc.constantFrom(0, 9001),
    ebpf: fc.record({ enabled: fc.boolean() }),
    builtinDNS: fc.record({ enabled: fc.boolean() }),
    containerPatches: fc.constantFrom([], ["p"]),
  }, { requiredKeys: [] }),
});

const PATCH = { sidecarPatch: [{ op: "add", path: "/env/-", value: '{"name": "Z"}' }] };

function caseOf(drawn: { native: boolean; injector: unknown }): InjectionCase {
  return {
    name: "drawn",
    file: "",
    settings: { experimental: { sidecarContainers: drawn.native } },
    injector: drawn.injector as JsonObject,
    patches: { p: PATCH },
  };
}

/** The answer's patch applied; `undefined` for a denial. */
async function answered(object: JsonObject, one: InjectionCase): Promise<JsonObject | undefined> {
  const request = {
    uid: "1",
    operation: "CREATE",
    namespace: "app-ns",
    name: "demo",
    kind: "Pod",
    object,
  };
  const verdict = await injectSidecar(request, contextOf(one), silentLogger);
  if (!verdict.allowed) return undefined;
  const { response } = JSON.parse(reviewOf("1", verdict));
  if (response.patch === undefined) return object;
  const text = new TextDecoder().decode(Uint8Array.fromBase64(response.patch));
  const operations = JSON.parse(text) as Operation[];
  return jsonpatch.applyPatch(structuredClone(object), operations, true).newDocument;
}

Deno.test("the patch makes the injected pod, and a second call changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(pod, settings, async (object, drawn) => {
      const one = caseOf(drawn);
      const result = await answered(object, one);
      if (result === undefined) {
        await assert.rejects(
          async () => await injectPod(viewPod(object, "app-ns"), contextOf(one)),
          KumaError,
        );
        return;
      }
      const { pod: direct } = await injectPod(viewPod(object, "app-ns"), contextOf(one));
      assert.deepEqual(result, direct);
      assert.deepEqual(await answered(result, one), result);
    }),
    { numRuns: 300 },
  );
});

Deno.test("a pod that opts out is untouched byte for byte, whatever else it says", async () => {
  await fc.assert(fc.asyncProperty(pod, settings, fc.jsonValue(), async (object, drawn, extra) => {
    const metadata = object.metadata as JsonObject;
    metadata.labels = { "kuma.io/sidecar-injection": "disabled" };
    (object.spec as JsonObject).unknownField = extra as Json;
    const before = JSON.stringify(object);
    assert.equal(JSON.stringify(await answered(object, caseOf(drawn))), before);
  }));
});

const test = requires("etcd");

test("an API server takes every injected pod", async () => {
  await using cluster = await startApiServer();
  await cluster.createNamespace("app-ns");
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(pod, settings, async (object, drawn) => {
      const result = await answered(object, caseOf(drawn));
      if (result === undefined) return;
      const path = "/api/v1/namespaces/app-ns/pods?dryRun=All&fieldValidation=Strict";
      const answer = await cluster.fetch("POST", path, result);
      assert.equal(answer.status, 201, await answer.text());
      taken++;
    }),
    { numRuns: 150 },
  );
  assert.ok(taken > 40, `only ${taken} pods were injected`);
});
