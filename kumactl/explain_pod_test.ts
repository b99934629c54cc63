/** `kumactl explain pod -f`; with a cluster: tests/cluster. */
import assert from "node:assert/strict";
import { FakeIo, ran } from "core/program/testing.ts";
import { checkedDocument } from "tests/support/documents.ts";
import type { ExplainPodDocument } from "./pod/document.ts";
import { KUMACTL } from "./program.ts";

const POD = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}, annotations: {traffic.kuma.io/exclude-inbound-ports: "8081"}}
    spec:
      containers:
      - {name: app, image: "app:1", ports: [{containerPort: 8080, name: http}, {containerPort: 8081}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http, appProtocol: http}]}
`;

async function explain(files: Record<string, string>, ...words: string[]) {
  const given = Object.keys(files).flatMap((name) => ["-f", name]);
  return await ran(KUMACTL, ["explain", "pod", ...given, ...words], new FakeIo({}, files));
}

const test = "a workload of a file: sidecar, who redirects it, rules and Dataplane";
// The first run of a program in a process opens the C library, which stays open.
Deno.test(test, { sanitizeResources: false }, async () => {
  const { code, out, err } = await explain({ "web.yaml": POD });
  assert.deepEqual([code, err], [0, ""]);
  for (const line of out.split("\n")) assert.ok(line.length <= 80, line);
  assert.match(out, /^Pod shop\/web-…, as it would be made from the file\n/);
  assert.match(out, /\nInterception: by kuma-init\n/);
  assert.match(out, /\n {2}TCP in to port 8080 \(app\): redirected to port 15006\n/);
  assert.match(out, /\n {2}TCP in to port 8081 \(app\): left alone\n {6}inbound port left alone\n/);
  assert.match(out, /\nDataplane: it gets one\n {2}8080 web_shop_svc_80 \(http\)\n/);
  assert.match(out, /\nAssumed\n {2}- Mesh "default" exists\n/);
});

Deno.test("the control plane's document decides who redirects it", async () => {
  const folder = await Deno.makeTempDir();
  const document = `${folder}/kuma.yaml`;
  await Deno.writeTextFile(document, "runtime: {kubernetes: {injector: {cniEnabled: true}}}");
  const { out } = await explain({ "web.yaml": POD }, "--config-file", document, "-o", "json");
  const { pods } = checkedDocument(
    out,
    "kuma.io/kumactl-explain-pod/v1",
  ) as unknown as ExplainPodDocument;
  assert.equal(pods[0]?.interception.by, "kuma-cni");
  assert.ok(
    pods[0]?.rules?.settings.some(({ source }) =>
      source.includes("8081") || source.includes("exclude-inbound-ports")
    ),
  );
  assert.deepEqual(pods[0]?.problems, []);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a pod that is left alone, one that would be denied, one whose rules cannot be read", async () => {
  const pod = (more: string) =>
    `{kind: Pod, metadata: {name: a, namespace: shop, ${more}}, spec: {containers: [{name: x, image: y}]}}`;
  const out = await explain({ "a.yaml": pod("labels: {kuma.io/sidecar-injection: disabled}") });
  assert.equal(out.code, 0);
  assert.match(out.out, /\nInjection: it gets no sidecar\n.*is disabled\n/);
  assert.match(out.out, /\nInterception: none\n/);
  assert.match(out.out, /\nDataplane: not made of this pod\n/);
  const denied = await explain({ "a.yaml": pod("annotations: {kuma.io/init-first: maybe}") });
  assert.equal(denied.code, 1);
  assert.match(denied.out, /\nInjection: it would be denied\n/);
  assert.match(denied.out, /\nProblems\n {2}- it would be denied: .*\n? *.*KUMA-WH-002/);
  // Written by hand, as if it were injected already.
  const broken =
    "annotations: {kuma.io/sidecar-injected: 'true', traffic.kuma.io/exclude-inbound-ports: x}";
  const byHand = pod(broken).replace("{name: x, image: y}", "{name: kuma-sidecar, image: y}");
  const { code, out: text } = await explain({ "a.yaml": byHand });
  assert.equal(code, 1);
  assert.match(text, /exclude-inbound-ports[^]*\[KUMA-TP-022\]/);
});

Deno.test("a file without pods, and both a file and a name, are one line", async () => {
  const none = await explain({ "a.yaml": "kind: Service\n" });
  assert.deepEqual([none.code, none.out], [1, ""]);
  assert.match(
    none.err,
    /^Error: a\.yaml: there is no pod in it \[KUMA-CP-012\]\nHint: Pod, Deployment/,
  );
  const both = await explain({ "a.yaml": POD }, "shop/web");
  assert.match(both.err, /^Error: give a pod of the cluster or -f, not both/);
});
