import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { requestOf } from "./testing.ts";
import { validateService } from "./validate_service.ts";

const service = (annotations: JsonObject) =>
  validateService(requestOf({
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

Deno.test("a wrong Service that is being deleted can lose its finalizers", () => {
  const object = {
    metadata: {
      annotations: { "80.service.kuma.io/protocol": "x" },
      deletionTimestamp: "2024-01-01T00:00:00Z",
    },
    spec: { ports: [{ port: 80 }] },
  };
  const about = { kind: "Service", object };
  assert.equal(validateService(requestOf({ ...about, operation: "UPDATE" })).allowed, true);
  assert.equal(validateService(requestOf(about)).allowed, false);
});
