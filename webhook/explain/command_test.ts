import assert from "node:assert/strict";
import { checkedDocument } from "tests/support/documents.ts";
import type { ExplainDocument } from "./command.ts";
import { parseAllDocuments } from "yaml";
import { FakeIo, ran } from "core/program/testing.ts";
import { KUMA_WEBHOOK } from "../program.ts";

const TEMPLATE = `
      metadata: {labels: {app: web}, annotations: {kuma.io/sidecar-drain-time: 90s}}
      spec: {containers: [{name: app, image: app:1}]}`;
const workload = (kind: string, name: string) => `
apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}, namespace: shop}
spec:
  template:${TEMPLATE.replaceAll("\n  ", "\n")}
`;
const CRON_JOB = `
kind: CronJob
metadata: {name: nightly, namespace: shop}
spec:
  jobTemplate:
    spec:
      template:${TEMPLATE.replaceAll("\n", "\n  ")}
`;
const CLUSTER = `
kind: Namespace
metadata: {name: shop, labels: {kuma.io/sidecar-injection: enabled}}
---
kind: Mesh
metadata: {name: default}
---
kind: ContainerPatch
metadata: {name: tune, namespace: kuma-system}
spec: {sidecarPatch: [{op: add, path: /tty, value: "true"}]}
`;

async function explain(files: Record<string, string>, ...words: string[]) {
  const given = Object.keys(files).flatMap((name) => ["-f", name]);
  return await ran(
    KUMA_WEBHOOK,
    ["explain", "--offline", ...given, ...words],
    new FakeIo({}, files),
  );
}

const all = "workloads of all kinds and several documents are explained one by one";
// The first run of a program in a process opens the C library, which stays open.
Deno.test(all, { sanitizeResources: false }, async () => {
  const kinds = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"];
  const text = [...kinds.map((kind) => workload(kind, "web")), CRON_JOB].join("---");
  const { code, out, err } = await explain({ "all.yaml": text, "cluster.yaml": CLUSTER });
  assert.deepEqual([code, err], [0, ""]);
  const heads = out.split("\n").filter((line) => line.includes("would be"));
  assert.deepEqual(heads.map((line) => line.slice(0, line.indexOf(" would"))), [
    ...kinds.map((kind) => `A pod of ${kind} web in namespace shop`),
    "A pod of CronJob nightly in namespace shop",
  ]);
  assert.doesNotMatch(out, /assumed/, "the files say it all");
  const list = `{"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "a"},
    "spec": {"containers": [{"name": "x", "image": "y"}]}}]}`;
  assert.match((await explain({ "list.json": list })).out, /^Pod default\/a would be injected/);
});

Deno.test("a denial is exit code 1, whatever else is fine; patches of files count", async () => {
  const pod = (name: string, patch: string) =>
    `{kind: Pod, metadata: {name: ${name}, namespace: shop, annotations: ` +
    `{kuma.io/container-patches: ${patch}}}, spec: {containers: [{name: x, image: y}]}}\n`;
  const good = await explain({ "pod.yaml": pod("a", "tune"), "cluster.yaml": CLUSTER });
  assert.equal(good.code, 0, good.err);
  assert.match(good.out, /\n {2}patches {5}tune\n/);
  const text = `${pod("a", "tune")}---\n${pod("b", "gone")}`;
  const bad = await explain({ "pods.yaml": text, "cluster.yaml": CLUSTER });
  assert.equal(bad.code, 1);
  assert.match(bad.out, /Pod shop\/a would be injected[^]*Pod shop\/b would be denied: .*"gone"/);
});

Deno.test("every form fits 100 columns, and short is short", async () => {
  const files = { "web.yaml": workload("Deployment", "web") };
  const short = await explain(files);
  const wide = await explain(files, "-o", "wide");
  for (const { out } of [short, wide]) {
    for (const line of out.split("\n")) assert.ok(line.length <= 100, line);
  }
  assert.ok(short.out.split("\n").length < 12, short.out);
  assert.ok(wide.out.split("\n").length > 150);
  assert.match(wide.out, /\n\+ {4}- name: kuma-sidecar\n/);
});

Deno.test("yaml is the pods as they would be, json says it all", async () => {
  const files = { "web.yaml": `${workload("Deployment", "a")}---${workload("Job", "b")}` };
  const yaml = await explain(files, "-o", "yaml");
  const pods = parseAllDocuments(yaml.out).map((one) => one.toJS());
  assert.deepEqual(pods.map(({ kind, metadata }) => [kind, metadata.generateName]), [
    ["Pod", "a-"],
    ["Pod", "b-"],
  ]);
  assert.equal(pods[0].spec.containers[0].name, "kuma-sidecar");
  const json = checkedDocument<ExplainDocument>(
    (await explain(files, "-o", "json")).out,
    "kuma.io/kuma-webhook-explain/v1",
  );
  assert.equal(json.pods.length, 2);
  assert.equal(json.pods[0]?.verdict, "injected");
  assert.deepEqual(json.pods[0]?.assumptions, ['Mesh "default" exists']);
});

Deno.test("kinds that nobody knows here are explained where they make pods, too", async () => {
  const spec = "{ template: { spec: { containers: [{ name: a, image: x }] } } }";
  const rollout =
    `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: r}\nspec: ${spec}\n`;
  const certificate = "kind: Certificate\nspec: {template: {spec: {secretName: x}}}\n";
  const { out } = await explain({ "web.yaml": `${rollout}---\n${certificate}` });
  assert.match(out, /^A pod of Rollout r in namespace default would be injected/);
  assert.doesNotMatch(out, /Certificate/);
});

Deno.test("files without pods, and files that are none, are named", async () => {
  const cases: [string, RegExp][] = [
    ["kind: Service\n", /web\.yaml: there is no pod in it .*\n.*CronJob/],
    ["a: [\n", /web\.yaml: /],
    ["- a\n", /web\.yaml: document 1 is no object/],
    ["kind: Deployment\nmetadata: {name: x}\n", /Deployment x: spec\.template is no template/],
  ];
  for (const [text, expected] of cases) {
    const { code, out, err } = await explain({ "web.yaml": text });
    assert.deepEqual([code, out], [1, ""]);
    assert.match(err, expected);
  }
});
