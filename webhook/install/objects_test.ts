import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import type { V1Deployment, V1PodSpec } from "@kubernetes/client-node";
import type { JsonObject } from "core/patch/json.ts";
import { toYaml } from "./command.ts";
import { installedObjects } from "./objects.ts";
import { type InstallOptions, installOptions } from "./options.ts";

const OPTIONS = installOptions({
  image: "registry.example/kuma-webhook:1",
  replicas: "2",
  service: "kuma-webhook",
  tlsSecret: "kuma-webhook-tls",
  failurePolicy: "Fail",
  drainTime: "10",
  besideKuma: false,
});

const kinds = (options: InstallOptions) =>
  installedObjects(options).map((object) => (object as JsonObject).kind);

function podSpec(options: InstallOptions): V1PodSpec {
  const found = installedObjects(options).find((one) => (one as JsonObject).kind === "Deployment");
  const spec = (found as V1Deployment).spec?.template.spec;
  assert.ok(spec);
  return spec;
}

Deno.test("what others need comes before them", () => {
  assert.deepEqual(kinds({ ...OPTIONS, document: "{}" }), [
    "Namespace",
    "CustomResourceDefinition",
    "CustomResourceDefinition",
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Service",
    "PodDisruptionBudget",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "Deployment",
  ]);
});

Deno.test("beside Kuma nothing is printed that its control plane installed", () => {
  const left = kinds({ ...OPTIONS, besideKuma: true });
  const kuma = /Namespace|CustomResource|WebhookConfiguration|Mesh/;
  assert.ok(left.includes("Deployment"));
  assert.deepEqual(left.filter((kind) => kuma.test(String(kind))), []);
});

Deno.test("the YAML text reads back as the same objects", () => {
  const objects = installedObjects({ ...OPTIONS, document: "a: |\n  ---\n  b\n" });
  const text = toYaml(objects);
  assert.deepEqual(parseAllDocuments(text).map((one) => one.toJS()), objects);
  assert.doesNotMatch(text, /[&*]a\d/, "no YAML alias: kubectl reads them, people do not");
});

Deno.test("the pod ends later than the drain time, and another document makes other pods", () => {
  assert.equal(podSpec({ ...OPTIONS, drainSeconds: 40 }).terminationGracePeriodSeconds, 55);
  const template = (document: string) => {
    const all = installedObjects({ ...OPTIONS, document });
    const found = all.find((one) => (one as JsonObject).kind === "Deployment") as V1Deployment;
    return found.spec?.template.metadata?.annotations;
  };
  assert.notDeepEqual(template("a: 1"), template("a: 2"));
});

Deno.test("every volume is mounted, and every mount has its volume", () => {
  const { containers: [container], volumes } = podSpec({
    ...OPTIONS,
    document: "{}",
    caSecret: "c",
  });
  const names = ["tmp", "config", "control-plane-ca"];
  assert.deepEqual(volumes?.map(({ name }) => name), names);
  assert.deepEqual(container?.volumeMounts?.map(({ name }) => name), names);
});

Deno.test("pods of the system namespace are never hooked, other objects there are", () => {
  const outside = {
    key: "kubernetes.io/metadata.name",
    operator: "NotIn",
    values: ["kuma-system"],
  };
  const hooking = installedObjects(OPTIONS).filter(({ kind }) =>
    /WebhookConfiguration$/.test(String(kind))
  ).flatMap(({ webhooks }) => webhooks as JsonObject[]).filter(({ namespaceSelector }) =>
    JSON.stringify(namespaceSelector).includes(JSON.stringify(outside))
  );
  assert.deepEqual(hooking.map(({ name }) => name), [
    "namespace-kuma-injector.kuma.io",
    "pods-kuma-injector.kuma.io",
  ]);
});
