import assert from "node:assert/strict";
import { loadSettings } from "../settings/load.ts";
import { explainHere } from "./here.ts";

const explain = (
  labels: Record<string, string>,
  annotations: Record<string, string> = {},
  env = {},
) =>
  explainHere(
    {
      metadata: { name: "web", namespace: "shop", labels, annotations },
      spec: { containers: [{ name: "app", image: "app:1" }] },
    },
    undefined,
    loadSettings(undefined, env),
    undefined,
  );

Deno.test("offline, what no cluster said is called assumed", async () => {
  const text = await explain({});
  const [verdict, mesh, blank] = text.split("\n");
  assert.equal(
    verdict,
    "Pod shop/web would be injected: the label of namespace shop kuma.io/sidecar-injection is " +
      "assumed to be enabled",
  );
  assert.equal(mesh, 'assumed: Mesh "default" exists');
  assert.equal(blank, "");
});

Deno.test("offline, what the pod says itself is not assumed", async () => {
  const label = "kuma.io/sidecar-injection";
  const own = await explain({ [label]: "true", "kuma.io/mesh": "blue" });
  assert.match(own, /^Pod shop\/web would be injected: the pod's label \S+ is true\n/);
  assert.match(own, /\nassumed: Mesh "blue" exists\n/);
  assert.doesNotMatch(own, /assumed to be/);
  const out = await explain({ [label]: "disabled" });
  assert.equal(out, `Pod shop/web would not be injected: the pod's label ${label} is disabled\n`);
});

Deno.test("offline, a denial tells that it rests on an assumption", async () => {
  const text = await explain({}, { "kuma.io/container-patches": "tune" });
  assert.match(text, /^Pod shop\/web would be denied: .*"tune".* \(KUMA-WH-011\)\n/);
  assert.match(text, /\nassumed: there is no ContainerPatch "tune"\n$/);
});

Deno.test("offline, native sidecars assume the server's version", async () => {
  const text = await explain({}, {}, { KUMA_EXPERIMENTAL_SIDECAR_CONTAINERS: "true" });
  assert.match(text, /\nassumed: the API server is of 1\.29 or later\n/);
});
