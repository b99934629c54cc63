import assert from "node:assert/strict";
import { containerSchemaFrom, shippedContainerSchema } from "./schema.ts";

const schema = shippedContainerSchema();

Deno.test("a full container is valid", () => {
  assert.deepEqual(
    schema.problems({
      name: "c",
      image: "i",
      ports: [{ containerPort: 80, name: "web" }],
      livenessProbe: { httpGet: { port: "web", path: "/" }, initialDelaySeconds: 1 },
      startupProbe: { tcpSocket: { port: 80 } },
      resources: { limits: { cpu: 1, memory: "1.5Gi", "ephemeral-storage": "1e3" } },
      env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
      securityContext: {
        seccompProfile: { type: "RuntimeDefault" },
        capabilities: { drop: ["ALL"] },
      },
      restartPolicy: "Always",
    }),
    [],
  );
});

Deno.test("what Kubernetes cannot read is named with its place", () => {
  const problems = schema.problems({
    image: 3,
    ports: [{}],
    env: [{ name: "A", valeu: "x" }],
    resources: { limits: { cpu: "" } },
    livenessProbe: { periodSeconds: 3e9 },
  });
  assert.deepEqual(problems, [
    "the container must have required property 'name'",
    '/env/0 has no field "valeu"',
    "/image must be string",
    "/livenessProbe/periodSeconds must be <= 2147483647",
    "/ports/0 must have required property 'containerPort'",
  ]);
});

Deno.test("a place in the schema is judged on its own", () => {
  assert.deepEqual(
    schema.judge(["securityContext", "capabilities", "drop", "-"], "ALL").problems,
    [],
  );
  assert.deepEqual(schema.judge(["resources", "limits", "example.com/gpu"], "1").problems, []);
  assert.deepEqual(schema.judge(["resources", "limits", "cpu"], "x y").problems, [
    "/resources/limits/cpu must be a quantity such as 100m or 64Mi",
  ]);
  assert.deepEqual(schema.judge(["args", "x"], "1").problems, [
    "/args/x is no field of a container",
  ]);
  assert.deepEqual(schema.judge(["image", "x"], "1").problems, [
    "/image/x is no field of a container",
  ]);
});

Deno.test("a schema comes from an API server's document, with fields that are newer than ours", () => {
  const newer = containerSchemaFrom({
    components: {
      schemas: {
        "io.k8s.api.core.v1.Container": {
          type: "object",
          required: ["name"],
          properties: {
            name: { type: "string", description: "x", default: "" },
            future: { allOf: [{ $ref: "#/components/schemas/Later" }], default: {} },
          },
        },
        Later: { type: "object", properties: { port: { type: "integer", format: "int32" } } },
      },
    },
  });
  assert.deepEqual(newer.problems({ name: "c", future: { port: 1 } }), []);
  assert.deepEqual(newer.problems({ name: "c", future: { prot: 1 } }), [
    '/future has no field "prot"',
  ]);
  assert.throws(() => containerSchemaFrom({}), /has no type io.k8s.api.core.v1.Container/);
});
