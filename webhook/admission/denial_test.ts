/** What a denial looks like in the answer and in the log. */
import assert from "node:assert/strict";
import { type LogFields, type Logger, silentLogger } from "core/log/logger.ts";
import type { JsonObject } from "core/patch/json.ts";
import { injectSidecar } from "./inject_sidecar.ts";
import { reviewOf } from "./review.ts";
import { requestOf } from "./testing.ts";
import { validateService } from "./validate_service.ts";
import { contextOf } from "core/inject/testing/cases_context.ts";
import type { InjectionCase } from "core/inject/testing/cases_model.ts";

/** The status and message of the answer, and the line of the log. */
async function denial(
  one: Partial<InjectionCase>,
  object: JsonObject | undefined,
  namespace = "app-ns",
) {
  const lines: [string, LogFields][] = [];
  const log: Logger = {
    ...silentLogger,
    warn: (message, fields = {}) => lines.push([message, fields]),
  };
  const request = { uid: "u", operation: "CREATE", namespace, name: "", kind: "Pod" };
  const verdict = await injectSidecar(
    { ...request, object },
    contextOf({ name: "", file: "", ...one }),
    log,
  );
  const { response } = JSON.parse(reviewOf("u", verdict));
  assert.equal(response.allowed, false);
  assert.equal(response.uid, "u");
  assert.equal(response.patch, undefined);
  assert.equal(lines.length, 1);
  return { status: response.status as JsonObject, log: lines[0] };
}

const pod = (annotations: Record<string, string> = {}): JsonObject => ({
  kind: "Pod",
  metadata: { generateName: "demo-", annotations },
  spec: { containers: [{ name: "app", image: "i" }] },
});

Deno.test("a ContainerPatch that is missing denies with its name, and is logged", async () => {
  const { status, log } = await denial({}, pod({ "kuma.io/container-patches": "gone" }));
  const message = 'it appears some expected container patches are missing: ["gone"]';
  assert.deepEqual(status, {
    status: "Failure",
    code: 403,
    reason: "Forbidden",
    message: `${message} (KUMA-WH-011)`,
  });
  assert.deepEqual(log, [
    "pod denied",
    { pod: "app-ns/demo-", code: "KUMA-WH-011", reason: message },
  ]);
});

Deno.test("a ContainerPatch that fails denies with its name and the reason, and is logged", async () => {
  const { status, log } = await denial({
    patches: { p: { initPatch: [{ op: "remove", path: "/tty" }] } },
  }, pod({ "kuma.io/container-patches": "p" }));
  const message = 'could not apply patches ["p"]: ContainerPatch "p" initPatch[0]: remove /tty: ' +
    "the container has no such field";
  assert.equal(status.message, `${message} (KUMA-WH-012)`);
  assert.equal(log?.[1].reason, message);
});

Deno.test("a namespace that is not known yet is worth another try", async () => {
  const { status } = await denial({}, pod(), "brand-new");
  assert.equal(status.code, 503);
  assert.equal(
    status.message,
    'could not retrieve namespace for pod: Namespace "brand-new" not found (KUMA-WH-003)',
  );
});

Deno.test("a pod without a namespace is in default", async () => {
  const { status } = await denial({}, pod(), "");
  assert.match(String(status.message), /Namespace "default" not found/);
});

Deno.test("what is no pod is the caller's mistake", async () => {
  const odd: (JsonObject | undefined)[] = [
    undefined,
    {},
    { kind: "Job", spec: { containers: [] } },
    { kind: "Pod", spec: [] },
    { kind: "Pod", spec: { containers: {} } },
    { kind: "Pod", spec: { containers: [1] } },
    { kind: "Pod", spec: { containers: [{ name: 1 }] } },
    { kind: "Pod", metadata: { labels: { a: 1 } }, spec: { containers: [] } },
    { kind: "Pod", metadata: { annotations: [] }, spec: { containers: [] } },
  ];
  for (const object of odd) {
    const { status } = await denial({}, object);
    assert.equal(status.code, 400, JSON.stringify(object));
    assert.match(String(status.message), /^The object of the request is not a Pod: .*KUMA-WH-020/);
  }
});

Deno.test("a pod that the API server will refuse is left to its words", async () => {
  for (const containers of [[], [{ image: "i" }]]) {
    const object = { kind: "Pod", spec: { containers } };
    const request = { uid: "u", operation: "CREATE", namespace: "app-ns", name: "", kind: "Pod" };
    const context = contextOf({ name: "", file: "" });
    const verdict = await injectSidecar({ ...request, object }, context, silentLogger);
    assert.equal(verdict.allowed, true);
    assert.doesNotMatch(JSON.stringify(verdict), /default-container|undefined/);
  }
});

Deno.test("whatever an annotation or a name says, an answer stays short and keeps its code", async () => {
  const much = 50_000;
  const annotations: Record<string, string>[] = [
    { "kuma.io/container-patches": Array(much).fill("gone").join(",") },
    { "kuma.io/container-patches": "g".repeat(much) },
    { "kuma.io/mesh": "m".repeat(much) },
    { "kuma.io/sidecar-drain-time": "1h".repeat(much) },
    { "kuma.io/sidecar-env-vars": "x".repeat(much) },
    { "traffic.kuma.io/exclude-inbound-ports": "8".repeat(much) },
  ];
  for (const one of annotations) {
    const { status } = await denial({}, pod(one));
    assert.ok(String(status.message).length <= 2000, Object.keys(one)[0]);
    assert.match(String(status.message), / \(KUMA-WH-\d{3}\)$/);
  }
  const services = validateService({
    ...requestOf({}),
    object: {
      metadata: {
        annotations: Object.fromEntries(
          Array.from(
            { length: 300 },
            (_, n) => [`${n}.service.kuma.io/protocol`, "x".repeat(5000)],
          ),
        ),
      },
      spec: { ports: Array.from({ length: 300 }, (_, port) => ({ port })) },
    },
  });
  assert.ok(!services.allowed);
  assert.match(String(services.status.message), /; and 280 more$/);
  assert.ok(JSON.stringify(services).length < 100_000);
});

Deno.test("annotations that no API server takes are not worked through", async () => {
  const env = (pairs: number) =>
    pod({ "kuma.io/sidecar-env-vars": "A=b;".repeat(pairs).slice(0, -1) });
  const { status } = await denial({}, env(70_000));
  assert.match(
    String(status.message),
    /more than 256 KiB, which no API server takes \(KUMA-WH-020\)$/,
  );
  const request = { operation: "CREATE", namespace: "app-ns", object: env(60_000) };
  const verdict = await injectSidecar(request, contextOf({ name: "", file: "" }), silentLogger);
  assert.equal(verdict.allowed, true);
});

Deno.test("more ContainerPatches than anybody has are refused before the first is applied", async () => {
  const patches = { p: { sidecarPatch: [{ op: "remove", path: "/args" }] } };
  const named = (count: number) =>
    pod({ "kuma.io/container-patches": Array(count).fill("p").join() });
  const { status } = await denial({ patches }, named(101));
  assert.match(String(status.message), /it names more than 100 patches \(KUMA-WH-002\)$/);
  const many = { patches: { p: { sidecarPatch: [{ op: "add", path: "/tty", value: "true" }] } } };
  const context = contextOf({ name: "", file: "", ...many });
  const request = { operation: "CREATE", namespace: "app-ns", object: named(100) };
  assert.equal((await injectSidecar(request, context, silentLogger)).allowed, true);
});
