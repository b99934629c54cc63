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
import { injectPod } from "core/inject/inject.ts";
import { viewPod } from "core/inject/pod.ts";
import { startApiServer } from "../kube/apiserver.ts";
import { requires } from "../support/requires.ts";
import { contextOf } from "core/inject/testing/cases_context.ts";
import type { InjectionCase } from "core/inject/testing/cases_model.ts";
import { caseOf, pod, settings } from "./random_pods.ts";
import { runs } from "tests/support/property.ts";

/** The operations of the answer, none for a pod that is left alone; `undefined` for a denial. */
async function operationsFor(
  object: JsonObject,
  one: InjectionCase,
): Promise<Operation[] | undefined> {
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
  if (response.patch === undefined) return [];
  return JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(response.patch)));
}

const applied = (object: JsonObject, operations: readonly Operation[]): JsonObject =>
  jsonpatch.applyPatch(structuredClone(object), operations, true).newDocument;

/** The answer's patch applied; `undefined` for a denial. */
async function answered(object: JsonObject, one: InjectionCase): Promise<JsonObject | undefined> {
  const operations = await operationsFor(object, one);
  if (operations === undefined) return undefined;
  return operations.length === 0 ? object : applied(object, operations);
}

Deno.test("the patch makes the injected pod, and a second call changes nothing", async () => {
  let injected = 0;
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
      assert.deepEqual(await operationsFor(result, one), []);
      if (result !== object) injected++;
    }),
    runs(500),
  );
  assert.ok(injected > runs(500).numRuns / 10, `only ${injected} pods were injected`);
});

/** All that an injection may touch: additions, and probes of containers. */
const TOUCHED =
  /^\/(metadata\/(annotations|labels)|spec\/(volumes|(initC|c)ontainers)(\/[0-9]+(\/(liveness|readiness|startup)Probe\/.*)?)?)/;

Deno.test("no operation can be left out, none touches what injection has no business with", async () => {
  let injected = 0;
  await fc.assert(
    fc.asyncProperty(pod, settings, async (object, drawn) => {
      const operations = await operationsFor(object, caseOf(drawn)) ?? [];
      if (operations.length === 0) return;
      injected++;
      const whole = applied(object, operations);
      for (const [at, operation] of operations.entries()) {
        assert.match(operation.path, TOUCHED);
        if (operation.op === "replace") {
          assert.match(operation.path, /^\/metadata\/(annotations|labels)\/|Probe\//);
        }
        let without: JsonObject | undefined;
        try {
          without = applied(object, operations.filter((_, other) => other !== at));
        } catch {
          // The operations after it need what it makes.
        }
        assert.notDeepEqual(without, whole);
      }
    }),
    runs(200),
  );
  assert.ok(injected > runs(200).numRuns / 10, `only ${injected} pods were injected`);
});

Deno.test("a pod with one container is given exactly this patch", async () => {
  const object = {
    kind: "Pod",
    metadata: { name: "demo" },
    spec: { containers: [{ name: "app", image: "i" }] },
  };
  const operations = await operationsFor(object, caseOf({ native: false, injector: {} })) ?? [];
  assert.deepEqual(operations.map(({ op, path }) => `${op} ${path}`), [
    "add /metadata/annotations",
    "add /metadata/labels",
    "add /spec/containers/0",
    "add /spec/initContainers",
    "add /spec/volumes",
  ]);
});

Deno.test("fields that nobody knows are kept wherever they are", async () => {
  const extra = fc.jsonValue();
  await fc.assert(
    fc.asyncProperty(pod, settings, extra, async (object, drawn, value) => {
      const unknown = JSON.parse(JSON.stringify(value)) as Json;
      const { metadata, spec } = object as Record<string, JsonObject>;
      const containers = spec?.containers as JsonObject[];
      const places = [object, metadata, spec, ...containers].map((one) => one as JsonObject);
      for (const place of places) place.fromTheFuture = unknown;
      for (const { livenessProbe } of containers) {
        if (livenessProbe !== undefined) (livenessProbe as JsonObject).fromTheFuture = unknown;
      }
      const result = await answered(object, caseOf(drawn));
      if (result === undefined) return;
      const after = result as Record<string, JsonObject>;
      const kept = (after.spec?.containers as JsonObject[]).filter((one) =>
        one.name !== "kuma-sidecar"
      );
      for (const place of [after, after.metadata, after.spec, ...kept]) {
        assert.deepEqual(place?.fromTheFuture, unknown);
      }
      for (const { livenessProbe } of kept) {
        if (livenessProbe !== undefined) {
          assert.deepEqual((livenessProbe as JsonObject).fromTheFuture, unknown);
        }
      }
    }),
    runs(100),
  );
});

Deno.test("a pod that opts out is untouched byte for byte, whatever else it says", async () => {
  await fc.assert(
    fc.asyncProperty(pod, settings, fc.jsonValue(), async (object, drawn, extra) => {
      const metadata = object.metadata as JsonObject;
      metadata.labels = { "kuma.io/sidecar-injection": "disabled" };
      (object.spec as JsonObject).unknownField = extra as Json;
      const before = JSON.stringify(object);
      assert.deepEqual(await operationsFor(object, caseOf(drawn)), []);
      assert.equal(JSON.stringify(object), before);
    }),
    runs(100),
  );
});

const test = requires("etcd");

test("an API server takes every injected pod", async () => {
  await using cluster = await startApiServer();
  await cluster.createNamespace("app-ns");
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(pod, settings, async (object, drawn) => {
      const result = await answered(object, caseOf(drawn));
      if (result === undefined || result === object) return;
      const path = "/api/v1/namespaces/app-ns/pods?dryRun=All&fieldValidation=Strict";
      const answer = await cluster.fetch("POST", path, result);
      assert.equal(answer.status, 201, await answer.text());
      taken++;
    }),
    runs(300),
  );
  assert.ok(taken > runs(300).numRuns / 10, `only ${taken} pods were injected`);
});
