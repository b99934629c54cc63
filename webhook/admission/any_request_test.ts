/** Whatever JSON is in a request, it is answered with a verdict or refused with one of our lines. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { KumaError } from "core/errors.ts";
import { reviewContainerPatch } from "core/patch/container_patch.ts";
import type { Json } from "core/patch/json.ts";
import { shippedContainerSchema } from "core/patch/schema.ts";
import { changedFields } from "core/inject/explain/fields.ts";
import { viewMesh } from "../resources/mesh.ts";
import { defaultResource } from "./default_resource.ts";
import { referToMesh } from "./owner_reference.ts";
import type { AdmissionDecision } from "./review.ts";
import { meshesOf, requestOf, settingsOf } from "./testing.ts";
import { validateResource } from "./validate_resource.ts";
import { validateSecret } from "./validate_secret.ts";
import { validateService } from "./validate_service.ts";
import { runs } from "tests/support/property.ts";

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
/** The members that are looked at, each with anything below it. */
function object(fields: Record<string, fc.Arbitrary<Json>>): fc.Arbitrary<Json> {
  const known = fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Json>;
  return fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: json });
}
const list = (item: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc.oneof(fc.array(item, { maxLength: 3 }) as fc.Arbitrary<Json>, json);
const tags = object({ "kuma.io/service": json, "kuma.io/protocol": json, a: json });
const metadata = object({
  name: json,
  labels: object({ "kuma.io/mesh": json, "kuma.io/origin": json }),
  annotations: json,
  ownerReferences: list(object({ apiVersion: json, kind: json, name: json })),
});
const spec = object({
  networking: object({
    address: json,
    inbound: list(object({ port: json, servicePort: json, tags })),
    gateway: object({ type: json, tags }),
    outbound: list(object({ port: json })),
    transparentProxying: object({
      reachableBackends: object({ refs: list(object({ kind: json, name: json, labels: json })) }),
    }),
  }),
  probes: object({ port: json, endpoints: list(object({ path: json })) }),
  metrics: object({ conf: object({ aggregate: list(object({ name: json })) }) }),
  constraints: object({ dataplaneProxy: object({ requirements: list(object({ tags })) }) }),
  mtls: object({ backends: list(object({ name: json, conf: json })) }),
  tags,
  ports: list(object({ port: json })),
});
const any = object({
  metadata,
  spec,
  mesh: fc.oneof(fc.constant<Json>("default"), json),
  type: fc.constantFrom<Json>("system.kuma.io/secret", "system.kuma.io/global-secret", 1),
  data: object({ value: json }),
});

const meshes = meshesOf({ default: {} });
const settings = settingsOf();
const schema = shippedContainerSchema();

Deno.test("any request is answered, or refused with a code", async () => {
  await fc.assert(
    fc.asyncProperty(
      any,
      any,
      fc.constantFrom("CREATE", "UPDATE", "DELETE", ""),
      fc.constantFrom("dataplanes", "meshtimeouts", "meshes", "trafficlogs"),
      fc.constantFrom("Dataplane", "ContainerPatch", "MeshGatewayInstance"),
      async (object, oldObject, operation, resource, kind) => {
        const namespace = "kuma-system";
        const request = requestOf({ object, oldObject, operation, resource, kind, namespace });
        const handlers: (() => AdmissionDecision | Promise<AdmissionDecision>)[] = [
          () => defaultResource(request, settings),
          () => referToMesh(request, settings, meshes),
          () => validateResource(request, { settings, schema, meshes }),
          () => validateSecret(request, settings, meshes),
          () => validateService(request),
        ];
        for (const handler of handlers) {
          try {
            await handler();
          } catch (thrown) {
            if (!(thrown instanceof KumaError)) throw thrown;
          }
        }
      },
    ),
    runs(2000),
  );
});

Deno.test("any Mesh is kept", () => {
  fc.assert(
    fc.property(any, (mesh) => {
      if (typeof mesh === "object" && mesh !== null && !Array.isArray(mesh)) viewMesh(mesh);
    }),
    runs(1000),
  );
});

Deno.test("an object that cannot be a text is no reason to fail", () => {
  // `String` of it throws; the first was found by the property above.
  const untext: Json = { toString: 0 };
  const annotations = { "80.service.kuma.io/protocol": "HTTP" };
  const object = {
    metadata: { annotations },
    spec: { ports: [{ port: [untext] }, { port: untext }] },
  };
  assert.equal(validateService(requestOf({ kind: "Service", object })).allowed, true);

  const requirements = [{ tags: { a: untext, b: [untext], c: 1 } }];
  const backends = [{ name: untext, conf: { secret: "s" } }];
  const spec = { constraints: { dataplaneProxy: { requirements } }, mtls: { backends } };
  assert.deepEqual(viewMesh({ spec }).requirements, [{ a: "{…}", b: "[…]", c: "1" }]);

  const { problems: [problem] } = reviewContainerPatch(
    {
      spec: {
        sidecarPatch: [{ op: "replace", path: "", value: JSON.stringify({ name: untext }) }],
      },
    },
    schema,
  );
  assert.match(String(problem?.message), /name cannot be patched/);

  const args = (...args: Json[]): Json => ({ spec: { containers: [{ name: "app", args }] } });
  assert.deepEqual(
    changedFields(args("x"), args(untext)).map(({ value }) => value),
    ["{…}", undefined],
  );
});
