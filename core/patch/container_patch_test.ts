import assert from "node:assert/strict";
import { KumaError } from "../errors.ts";
import { applyContainerPatches, type NamedPatch, reviewContainerPatch } from "./container_patch.ts";
import type { JsonObject } from "./json.ts";
import { shippedContainerSchema } from "./schema.ts";

const schema = shippedContainerSchema();

const sidecar = (): JsonObject => ({
  name: "kuma-sidecar",
  image: "docker.io/kumahq/kuma-dp:2.9.0",
  securityContext: { runAsGroup: 5678, runAsUser: 5678 },
  resources: {
    requests: { cpu: "50m", memory: "64Mi" },
    limits: { cpu: "1000m", memory: "512Mi" },
  },
});

const patch = (name: string, ...sidecarPatch: JsonObject[]): NamedPatch => ({
  name,
  object: { metadata: { name }, spec: { sidecarPatch } },
});

const patched = (...patches: NamedPatch[]): JsonObject =>
  applyContainerPatches(sidecar(), patches, "sidecarPatch", schema);

/** The example of the users' documentation, section "Custom Container Configuration". */
const DOCUMENTED: JsonObject = {
  apiVersion: "kuma.io/v1alpha1",
  kind: "ContainerPatch",
  metadata: { name: "container-patch-1", namespace: "kong-mesh-system" },
  spec: {
    sidecarPatch: [
      { op: "add", path: "/securityContext/privileged", value: "true" },
      { op: "add", path: "/resources/requests/cpu", value: '"100m"' },
      {
        op: "add",
        path: "/resources/limits",
        value: '{\n            "cpu": "500m",\n            "memory": "256Mi"\n          }',
      },
    ],
    initPatch: [{
      op: "add",
      path: "/securityContext/seccompProfile",
      value: '{\n            "type": "RuntimeDefault"\n          }',
    }],
  },
};

Deno.test("the documented example changes the sidecar as documented", () => {
  const result = patched({ name: "container-patch-1", object: DOCUMENTED });
  assert.deepEqual(result.securityContext, { runAsGroup: 5678, runAsUser: 5678, privileged: true });
  assert.deepEqual(result.resources, {
    requests: { cpu: "100m", memory: "64Mi" },
    limits: { cpu: "500m", memory: "256Mi" },
  });
});

Deno.test("the documented example is valid when created, and changes the init container", () => {
  assert.deepEqual(reviewContainerPatch(DOCUMENTED, schema), { problems: [], warnings: [] });
  const init = { name: "kuma-init", image: "i", securityContext: { runAsUser: 0, runAsGroup: 0 } };
  const named = [{ name: "container-patch-1", object: DOCUMENTED }];
  assert.deepEqual(applyContainerPatches(init, named, "initPatch", schema).securityContext, {
    runAsUser: 0,
    runAsGroup: 0,
    seccompProfile: { type: "RuntimeDefault" },
  });
});

Deno.test("patches apply in the order of their names' list", () => {
  const first = patch("first", { op: "add", path: "/workingDir", value: '"/a"' });
  const second = patch("second", { op: "add", path: "/workingDir", value: '"/b"' });
  assert.equal(patched(first, second).workingDir, "/b");
  assert.equal(patched(second, first).workingDir, "/a");
});

Deno.test("a list that is empty or missing changes nothing", () => {
  assert.deepEqual(patched(patch("empty")), sidecar());
  assert.deepEqual(patched({ name: "none", object: { spec: {} } }), sidecar());
  assert.deepEqual(patched({ name: "nothing", object: {} }), sidecar());
});

Deno.test("null makes a field disappear", () => {
  const result = patched(patch("p", { op: "add", path: "/image", value: "null" }, {
    op: "add",
    path: "/image",
    value: '"other"',
  }, { op: "add", path: "/resources/limits", value: "null" }));
  assert.equal(result.image, "other");
  assert.deepEqual(result.resources, { requests: { cpu: "50m", memory: "64Mi" } });
});

const DENIED: [string, JsonObject, string, RegExp][] = [
  [
    "a value that is not JSON",
    { op: "add", path: "/resources/limits/cpu", value: "500m" },
    "KUMA-WH-012",
    /could not apply patches \["bad"\]: ContainerPatch "bad" sidecarPatch\[0\]: "500m" is not JSON/,
  ],
  [
    "a missing path",
    { op: "remove", path: "/lifecycle" },
    "KUMA-WH-012",
    /ContainerPatch "bad" sidecarPatch\[0\]: remove \/lifecycle: the container has no such field/,
  ],
  [
    "a wrong type",
    { op: "add", path: "/securityContext/privileged", value: '"yes"' },
    "KUMA-WH-013",
    /patches \["bad"\] make container "kuma-sidecar" invalid: .*privileged must be boolean/,
  ],
  [
    "a bad quantity",
    { op: "add", path: "/resources/limits/cpu", value: '"lots"' },
    "KUMA-WH-013",
    /\/resources\/limits\/cpu must be a quantity/,
  ],
  [
    "a new name",
    { op: "replace", path: "/name", value: '"other"' },
    "KUMA-WH-013",
    /name cannot be patched/,
  ],
  [
    "a gap in a list",
    { op: "add", path: "/args/2", value: '"x"' },
    "KUMA-WH-012",
    /add \/args\/2: the list is not there yet, it starts with 0/,
  ],
  [
    "no image",
    { op: "remove", path: "/image" },
    "KUMA-WH-013",
    /patches \["bad"\] make container "kuma-sidecar" invalid: \/image is required/,
  ],
  [
    "an empty image",
    { op: "replace", path: "/image", value: '""' },
    "KUMA-WH-013",
    /\/image is required/,
  ],
];

for (const [name, operation, code, message] of DENIED) {
  Deno.test(`a pod is denied for ${name}`, () => {
    assert.throws(
      () => patched(patch("bad", operation)),
      (thrown: unknown) =>
        thrown instanceof KumaError && thrown.code === code && message.test(thrown.message),
    );
  });
}

const REFUSED: [JsonObject, string, RegExp][] = [
  [{ op: "add", path: "/image", value: "500m" }, "spec.sidecarPatch[0].value", /not JSON/],
  [{ op: "add", path: "/image" }, "spec.sidecarPatch[0].value", /needs a value/],
  [{ op: "add", path: "/image", value: " " }, "spec.sidecarPatch[0].value", /needs a value/],
  [{ op: "add", path: "image", value: "1" }, "spec.sidecarPatch[0].path", /starts with/],
  [{ op: "add", path: "/a~2", value: "1" }, "spec.sidecarPatch[0].path", /~0/],
  [{ op: "remove", path: "" }, "spec.sidecarPatch[0].path", /cannot be removed/],
  [{ op: "test", path: "/image", value: "1" }, "spec.sidecarPatch[0].op", /not an operation/],
  [{ op: "move", path: "/image" }, "spec.sidecarPatch[0].from", /needs a path/],
  [{ op: "copy", path: "/image", from: "x" }, "spec.sidecarPatch[0].from", /starts with/],
  [
    { op: "replace", path: "/nope", value: "1" },
    "spec.sidecarPatch[0].value",
    /no field of a container/,
  ],
  [
    { op: "remove", path: "/SecurityContext/runAsUser" },
    "spec.sidecarPatch[0].path",
    /\/SecurityContext is read as securityContext/,
  ],
  [{ op: "remove", path: "/nope/x" }, "spec.sidecarPatch[0].path", /no field of a container/],
  [
    { op: "add", path: "/tty", value: '"no"' },
    "spec.sidecarPatch[0].value",
    /\/tty must be boolean/,
  ],
  [
    { op: "add", path: "/env/-", value: '{"value": "x"}' },
    "spec.sidecarPatch[0].value",
    /required property 'name'/,
  ],
  [{ op: "replace", path: "/name", value: '"x"' }, "spec.sidecarPatch[0].path", /name cannot/],
  [{ op: "copy", from: "/image", path: "/name" }, "spec.sidecarPatch[0].path", /name cannot/],
  [{ op: "move", from: "/name", path: "/image" }, "spec.sidecarPatch[0].path", /name cannot/],
  [
    { op: "add", path: "", value: '{"name": "kuma-init"}' },
    "spec.sidecarPatch[0].path",
    /name cannot/,
  ],
  [
    { op: "copy", from: "/nope", path: "/image" },
    "spec.sidecarPatch[0].from",
    /no field of a container/,
  ],
  [{ op: "remove", path: "/env/-" }, "spec.sidecarPatch[0].path", /place after a list/],
  [{ op: "copy", from: "/env/-", path: "/env/0" }, "spec.sidecarPatch[0].from", /place after/],
  [
    { op: "add", path: "/env/4294967295", value: '{"name": "A"}' },
    "spec.sidecarPatch[0].value",
    /\/env\/4294967295 is no field/,
  ],
  [
    { op: "add", path: "/env/-", value: "[".repeat(1000) + "]".repeat(1000) },
    "spec.sidecarPatch[0].value",
    /nested deeper than 32/,
  ],
];

for (const [operation, field, message] of REFUSED) {
  Deno.test(`a ContainerPatch is refused: ${JSON.stringify(operation)}`, () => {
    const { problems } = reviewContainerPatch(patch("p", operation).object, schema);
    assert.equal(problems[0]?.field, field);
    assert.match(problems[0]?.message ?? "", message);
  });
}

Deno.test("the whole container may be given, under its name", () => {
  const whole = patch("p", {
    op: "add",
    path: "",
    value: '{"name": "kuma-sidecar", "image": "i"}',
  });
  assert.deepEqual(reviewContainerPatch(whole.object, schema).problems, []);
  assert.deepEqual(patched(whole), { name: "kuma-sidecar", image: "i" });
});

Deno.test("of very many problems the first are named, the rest counted", () => {
  const many = Array.from({ length: 1000 }, () => ({ op: "add", path: "/image" }));
  const { problems } = reviewContainerPatch(patch("p", ...many).object, schema);
  assert.equal(problems.length, 21);
  assert.deepEqual(problems[20], { field: "spec", message: "there are 980 further problems" });
});

Deno.test("every problem of a ContainerPatch is named at once", () => {
  const { problems } = reviewContainerPatch({
    spec: { sidecarPatch: [{ op: "add", path: "/image" }], initPatch: [7, { op: "add" }] },
  }, schema);
  assert.deepEqual(problems.map((problem) => problem.field), [
    "spec.sidecarPatch[0].value",
    "spec.initPatch[0]",
    "spec.initPatch[1].path",
  ]);
});

Deno.test("members that differ in case are the field's own, unknown ones are dropped, with a line each", () => {
  const operations = [
    { op: "add", path: "/securitycontext", value: '{"Privileged": true, "priviliged": true}' },
    { op: "add", path: "/resurces", value: '{"limits": {}}' },
    { op: "add", path: "/resources/Limits", value: '{"cpu": "2"}' },
  ];
  const notes: string[] = [];
  const note = (line: string) => void notes.push(line);
  const made = applyContainerPatches(
    sidecar(),
    [patch("p", ...operations)],
    "sidecarPatch",
    schema,
    note,
  );
  assert.deepEqual(made, {
    ...sidecar(),
    securityContext: { runAsGroup: 5678, runAsUser: 5678, privileged: true },
    resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "2", memory: "512Mi" } },
  });
  assert.deepEqual(notes, [
    'container patches ["p"]: /resources/Limits is read as limits',
    'container patches ["p"]: /securitycontext is read as securityContext',
    'container patches ["p"]: /securitycontext/Privileged is read as privileged',
    'container patches ["p"]: /securitycontext/priviliged is no field of a container',
    'container patches ["p"]: /resurces is no field of a container',
  ]);
  assert.deepEqual(reviewContainerPatch(patch("p", ...operations).object, schema), {
    problems: [],
    warnings: [
      "spec.sidecarPatch[0]: /securitycontext is read as securityContext",
      "spec.sidecarPatch[0]: /securitycontext/Privileged is read as privileged",
      "spec.sidecarPatch[0]: /securitycontext/priviliged is no field of a container",
      "spec.sidecarPatch[1]: /resurces is no field of a container",
      "spec.sidecarPatch[2]: /resources/Limits is read as limits",
    ],
  });
});
