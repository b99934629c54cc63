import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { clusterRules, mutatingConfiguration, validatingConfiguration } from "./manifests.ts";

const AT = { namespace: "kuma-system", service: "kuma-control-plane" };
const entries = (configuration: JsonObject) => configuration.webhooks as JsonObject[];

/** One entry in the columns in which Kuma's is described. */
function row({ name, clientConfig, rules, failurePolicy, ...more }: JsonObject): string {
  type Rule = { operations: string[]; resources: string[]; apiGroups: string[] };
  const { service } = clientConfig as { service: { path: string } };
  const { namespaceSelector: { matchExpressions = [], matchLabels = {} } = {}, objectSelector } =
    more as Record<string, { matchExpressions?: JsonObject[]; matchLabels?: JsonObject }>;
  const all = [
    ...matchExpressions.map(({ key, operator, values }) => `${key} ${operator} ${values}`),
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...Object.entries(objectSelector?.matchLabels ?? {}).map(([key, value]) =>
      `own ${key}=${value}`
    ),
  ];
  const one = ({ operations, resources, apiGroups }: Rule) => {
    const what = resources.length === 1 ? resources[0] : resources.length;
    return `${apiGroups}/${what} ${operations}`;
  };
  return [
    name,
    service.path,
    (rules as Rule[]).map(one).join(" and "),
    failurePolicy,
    all.join(" & "),
  ].join(" | ");
}

const NOT_KUBE_SYSTEM = "kubernetes.io/metadata.name NotIn kube-system";

Deno.test("the entries are those of Kuma's chart, in its order; of deletions only those of meshes are asked about", () => {
  assert.deepEqual(entries(mutatingConfiguration(AT)).map(row), [
    `mesh.defaulter.kuma-admission.kuma.io | /default-kuma-io-v1alpha1-mesh | kuma.io/31 CREATE,UPDATE | Fail | ${NOT_KUBE_SYSTEM}`,
    `owner-reference.kuma-admission.kuma.io | /owner-reference-kuma-io-v1alpha1 | kuma.io/35 CREATE | Fail | ${NOT_KUBE_SYSTEM}`,
    `namespace-kuma-injector.kuma.io | /inject-sidecar | /pods CREATE | Fail | ${NOT_KUBE_SYSTEM} & kuma.io/sidecar-injection In enabled,true`,
    `pods-kuma-injector.kuma.io | /inject-sidecar | /pods CREATE | Fail | ${NOT_KUBE_SYSTEM} & own kuma.io/sidecar-injection=enabled`,
  ]);
  assert.deepEqual(entries(validatingConfiguration(AT)).map(row), [
    `validator.kuma-admission.kuma.io | /validate-kuma-io-v1alpha1 | kuma.io/39 CREATE,UPDATE and kuma.io/meshes DELETE | Fail | ${NOT_KUBE_SYSTEM}`,
    `service.validator.kuma-admission.kuma.io | /validate-v1-service | /services CREATE,UPDATE | Ignore | ${NOT_KUBE_SYSTEM}`,
    `secret.validator.kuma-admission.kuma.io | /validate-v1-secret | /secrets CREATE,UPDATE,DELETE | Ignore | kuma.io/system-namespace=true`,
  ]);
});

Deno.test("the policy for pods is theirs alone, and a global control plane has neither pods nor Services", () => {
  const policies = (configuration: JsonObject) =>
    entries(configuration).map((one) => one.failurePolicy);
  const ignoring = { ...AT, failurePolicy: "Ignore" } as const;
  assert.deepEqual(policies(mutatingConfiguration(ignoring)), ["Fail", "Fail", "Ignore", "Ignore"]);
  assert.deepEqual(policies(validatingConfiguration(ignoring)), ["Fail", "Ignore", "Ignore"]);
  const names = (configuration: JsonObject) =>
    entries(configuration).map(({ name }) => String(name).split(".")[0]);
  const global = { ...AT, mode: "global" } as const;
  assert.deepEqual(names(mutatingConfiguration(global)), ["mesh", "owner-reference"]);
  assert.deepEqual(names(validatingConfiguration(global)), ["validator", "secret"]);
});

Deno.test("permissions follow the settings", () => {
  const of = (mode: Parameters<typeof clusterRules>[0]) =>
    clusterRules(mode).map(({ resources, verbs }) => `${resources}: ${verbs}`);
  const reviews = ["tokenreviews: create", "subjectaccessreviews: create"];
  assert.deepEqual(of({ unsafeDelete: true }), [
    "namespaces: list,watch",
    "meshes: list,watch",
    ...reviews,
  ]);
  assert.deepEqual(of({ configMaps: true }), [
    "namespaces: list,watch",
    "meshes,dataplanes: list,watch",
    ...reviews,
    "configmaps: list,watch",
  ]);
});
