import assert from "node:assert/strict";
import { explainHere } from "./here.ts";
import { shortText } from "./short_text.ts";

async function explain(
  labels: Record<string, string>,
  annotations: Record<string, string> = {},
  environment = {},
): Promise<string> {
  const pod = {
    metadata: { name: "web", namespace: "shop", labels, annotations },
    spec: { containers: [{ name: "app", image: "app:1" }] },
  };
  const [answer] = await explainHere({
    objects: [pod],
    namespace: "",
    document: undefined,
    environment,
    credentials: undefined,
  });
  assert.ok(answer);
  return shortText(answer.explanation, answer.assumptions);
}

Deno.test("offline, what no cluster said is called assumed", async () => {
  assert.equal(
    await explain({}),
    `Pod shop/web would be injected: the label of namespace shop kuma.io/sidecar-injection is assumed to
  be enabled
  mesh        default
  containers  kuma-init, kuma-sidecar
  redirected  inbound to 15006, outbound to 15001, DNS to 15053
assumed: Mesh "default" exists
`,
  );
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

Deno.test("what somebody set is told with who set it", async () => {
  const text = await explain({}, { "kuma.io/sidecar-drain-time": "90s" }, {
    KUMA_RUNTIME_KUBERNETES_SIDECAR_TRAFFIC_EXCLUDE_INBOUND_PORTS: "80",
  });
  assert.match(
    text,
    /\n {2}set {9}drain time: 1m30s \(annotation kuma\.io\/sidecar-drain-time\)\n/,
  );
  assert.match(text, /traffic\.kuma\.io\/exclude-inbound-ports: 80|\["80"\]/);
});

Deno.test("offline, a denial tells that it rests on an assumption", async () => {
  const text = await explain({}, { "kuma.io/container-patches": "tune" });
  assert.match(text, /^Pod shop\/web would be denied: .*"tune".*\s+\(KUMA-WH-011\)\n/);
  assert.match(text, /\nassumed: there is no ContainerPatch "tune"\n$/);
});

Deno.test("offline, native sidecars assume the server's version", async () => {
  const text = await explain({}, {}, { KUMA_EXPERIMENTAL_SIDECAR_CONTAINERS: "true" });
  assert.match(text, /\nassumed: the API server is of 1\.29 or later\n/);
});
