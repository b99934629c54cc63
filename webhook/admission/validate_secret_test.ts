import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import type { Settings } from "core/inject/settings/table.ts";
import type { AdmissionRequest } from "./review.ts";
import { meshesOf, requestOf, says, settingsOf, UNKNOWN } from "./testing.ts";
import { validateSecret } from "./validate_secret.ts";

const VALUE = "c2VzYW1l";
const FIELD = 'metadata.labels["kuma.io/mesh"]';

const meshes = meshesOf({
  default: {
    mtls: {
      backends: [
        { name: "ca-1", type: "builtin", conf: {} },
        {
          name: "ca-2",
          type: "provided",
          conf: { cert: { secret: "my-cert" }, key: { secret: "my-key" } },
        },
        { name: "ca-3", type: "other", conf: { roots: [{ secret: "deep" }], secret: 1 } },
      ],
    },
  },
  blue: {},
});

const secret = (labels: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  metadata: { name: "my-cert", labels },
  type: "system.kuma.io/secret",
  data: { value: VALUE },
  ...more,
});
const GLOBAL = { type: "system.kuma.io/global-secret" };

function validate(
  object: JsonObject | null,
  over: Partial<AdmissionRequest> = {},
  settings: Partial<Settings> = {},
): string {
  const request = requestOf({
    kind: "Secret",
    group: "",
    resource: "secrets",
    namespace: "kuma-system",
    name: "my-cert",
    object,
    ...over,
  });
  const line = says(validateSecret(request, settingsOf(settings), meshes));
  assert.doesNotMatch(line, new RegExp(VALUE), "no value in a message");
  return line;
}

Deno.test("a Secret of Kuma's must have a value", () => {
  assert.equal(validate(secret()), "allowed");
  assert.equal(validate(secret({}, { data: { value: VALUE, more: VALUE } })), "allowed");
  const empty = "422: data.value: cannot be empty.";
  for (const data of [{}, { value: "" }, { other: VALUE }, null, { value: null }]) {
    for (const operation of ["CREATE", "UPDATE"]) {
      const over = { operation, oldObject: secret() };
      assert.equal(validate(secret({}, { data }), over), empty);
      assert.equal(validate(secret({}, { ...GLOBAL, data }), over), empty);
    }
  }
});

Deno.test("other Secrets and other namespaces are nobody's business here", () => {
  const bare = { data: {} };
  assert.equal(validate(secret({}, { ...bare, type: "Opaque" })), "allowed");
  assert.equal(validate(secret({}, { ...bare, type: 1 })), "allowed");
  assert.equal(validate(secret({}, bare), { namespace: "shop" }), "allowed");
  assert.equal(validate(null), "allowed");
});

Deno.test("the mesh of a Secret stays; a global one has none", () => {
  const update = (before: JsonObject, after: JsonObject) =>
    validate(secret(after), { operation: "UPDATE", oldObject: secret(before) });
  const blue = { "kuma.io/mesh": "blue" };
  assert.equal(update(blue, blue), "allowed");
  assert.equal(update({}, { "kuma.io/mesh": "default" }), "allowed");
  assert.equal(update({ "kuma.io/mesh": "default" }, {}), "allowed");
  const from = (mesh: string) =>
    `422: ${FIELD}: mesh cannot be changed from "${mesh}": create another secret`;
  assert.equal(update(blue, {}), from("blue"));
  assert.equal(update({}, blue), from("default"));
  assert.equal(validate(secret({ "kuma.io/mesh": "nope" })), "allowed", "it may come later");
  const refused = `422: ${FIELD}: mesh cannot be set on global secret`;
  assert.equal(validate(secret(blue, GLOBAL)), refused);
  assert.equal(validate(secret({}, GLOBAL)), "allowed");
});

Deno.test("what an mTLS backend of the mesh uses is not deleted", () => {
  const remove = (name: string, object = secret(), settings: Partial<Settings> = {}) =>
    validate(object, { operation: "DELETE", name }, settings);
  const used = (name: string, backend: string) =>
    `403: secret "${name}" cannot be deleted: mTLS backend "${backend}" of mesh "default" uses it`;
  assert.equal(remove("my-cert"), used("my-cert", "ca-2"));
  assert.equal(remove("my-key"), used("my-key", "ca-2"));
  assert.equal(remove("deep"), used("deep", "ca-3"));
  assert.equal(remove("my-cert", secret({}, { data: {} })), used("my-cert", "ca-2"));
  assert.equal(remove("unused"), "allowed");
  assert.equal(remove("my-cert", secret({ "kuma.io/mesh": "blue" })), "allowed");
  assert.equal(remove("my-cert", secret({ "kuma.io/mesh": "nope" })), "allowed");
  assert.equal(remove("my-cert", secret({}, GLOBAL)), "allowed");
  assert.equal(remove("my-cert", secret(), { unsafeDelete: true }), "allowed");
  const origin = (value: string) => secret({ "kuma.io/origin": value });
  assert.equal(remove("my-cert", origin("global")), "allowed", "a copy");
  assert.equal(remove("my-cert", origin("zone")), used("my-cert", "ca-2"));
  assert.equal(remove("my-cert", origin("zone"), { mode: "global" }), "allowed", "a copy");
});

Deno.test("no deletion is decided before the meshes were seen", () => {
  const request = requestOf({
    kind: "Secret",
    namespace: "kuma-system",
    operation: "DELETE",
    object: secret(),
  });
  assert.match(says(validateSecret(request, settingsOf(), UNKNOWN)), /^503: .*meshes$/);
});

Deno.test("a wrong Secret that is being deleted can lose its finalizers", () => {
  const metadata = { name: "my-cert", deletionTimestamp: "2024-01-01T00:00:00Z" };
  const leaving = secret({}, { metadata, data: null });
  assert.equal(validate(leaving, { operation: "UPDATE" }), "allowed");
  assert.match(validate(leaving), /^422: /);
});
