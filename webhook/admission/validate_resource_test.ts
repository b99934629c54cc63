import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { shippedContainerSchema } from "core/patch/schema.ts";
import type { AdmissionRequest } from "./review.ts";
import { validateResource, validateService } from "./validate_resource.ts";

const request = (over: Partial<AdmissionRequest>): AdmissionRequest => ({
  uid: "u",
  operation: "CREATE",
  namespace: "kuma-system",
  name: "p",
  kind: "ContainerPatch",
  object: {},
  ...over,
});

const patches = (over: Partial<AdmissionRequest>) =>
  validateResource(request(over), "kuma-system", shippedContainerSchema());

const broken: JsonObject = { spec: { sidecarPatch: [{ op: "add", path: "/image", value: "x" }] } };

Deno.test("a ContainerPatch elsewhere than in the system namespace is refused", () => {
  assert.deepEqual(patches({ namespace: "app" }), {
    allowed: false,
    status: {
      status: "Failure",
      code: 403,
      reason: "Forbidden",
      message: "ContainerPatch can only be placed in kuma-system namespace. It can be however " +
        "referenced by pods in all namespaces",
    },
  });
  assert.equal(patches({ namespace: "app", operation: "DELETE" }).allowed, true);
});

Deno.test("a ContainerPatch that can never work is refused field by field", () => {
  const verdict = patches({ object: broken });
  assert.ok(!verdict.allowed);
  assert.equal(verdict.status.code, 422);
  assert.match(String(verdict.status.message), /^spec\.sidecarPatch\[0\]\.value: "x" is not JSON/);
  assert.equal(patches({ object: broken, operation: "DELETE" }).allowed, true);
  assert.equal(patches({ object: broken, kind: "Mesh" }).allowed, true);
});

const service = (annotations: JsonObject) =>
  validateService(request({
    kind: "Service",
    object: { metadata: { annotations }, spec: { ports: [{ port: 80 }, { port: 81 }] } },
  }));

Deno.test("a Service's protocols are known ones, in any case, of its own ports", () => {
  assert.equal(service({ "80.service.kuma.io/protocol": "HTTP" }).allowed, true);
  assert.equal(service({ "80.service.kuma.io/protocol": "tls" }).allowed, true);
  assert.equal(service({ "99.service.kuma.io/protocol": "nope" }).allowed, true);
  const verdict = service({
    "81.service.kuma.io/protocol": "",
    "80.service.kuma.io/protocol": "x",
  });
  assert.ok(!verdict.allowed);
  assert.match(
    String(verdict.status.message),
    /annotations\["80\.service\.kuma\.io\/protocol"\]: value "x" is not valid.*; .*81.*value ""/,
  );
});
