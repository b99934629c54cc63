/**
 * NetworkAttachmentDefinitions against a real API server, with Multus' definition but without Multus.
 */
import assert from "node:assert/strict";
import { startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { requires } from "../support/requires.ts";
import { controllerAccount, Program } from "./program.ts";

const test = requires("etcd");
const CNI = { KUMA_RUNTIME_KUBERNETES_INJECTOR_CNI_ENABLED: "true" };
const INJECTION = "kuma.io/sidecar-injection";

const path = (namespace: string) =>
  `/apis/k8s.cni.cncf.io/v1/namespaces/${namespace}/network-attachment-definitions`;

async function configOf(cluster: TestCluster, namespace: string): Promise<string | undefined> {
  const answer = await cluster.fetch("GET", `${path(namespace)}/kuma-cni`);
  if (answer.status === 404) {
    await answer.body?.cancel();
    return undefined;
  }
  return (await answer.json()).spec.config;
}

test("namespaces get their definition, also when Multus comes later", async () => {
  await using cluster = await startApiServer();
  const token = await controllerAccount(cluster);
  await cluster.createNamespace("meshed", { [INJECTION]: "enabled" });
  await cluster.createNamespace("outside", { [INJECTION]: "disabled" });
  await cluster.createNamespace("plain");
  await cluster.createNamespace("odd", { [INJECTION]: "maybe" });
  await using program = await Program.start(cluster, { token, environment: CNI });
  await program.leads();
  assert.equal(await program.page("/readyz"), "ok\n");

  await cluster.applyCrd(MULTUS);
  const is = (namespace: string, config: string | undefined) =>
    program.until(
      `${namespace} has ${config === undefined ? "none" : `"${config}"`}`,
      async () => await configOf(cluster, namespace) === config,
    );
  await is("meshed", "");
  await is("outside", "");
  assert.equal(await configOf(cluster, "plain"), undefined);
  await program.until("it names the wrong label", () => /KUMA-CTL-006/.test(program.said));
  await program.until("the namespace has an Event", async () => {
    const { items } = await cluster.request<
      { items: { reason: string; involvedObject: { name: string }; message: string }[] }
    >("GET", "/api/v1/namespaces/default/events");
    return items.some(({ reason, involvedObject, message }) =>
      reason === "WrongLabel" && involvedObject.name === "odd" && /use enabled or/.test(message)
    );
  });
  assert.equal(await configOf(cluster, "odd"), undefined);

  await merge(cluster, `${path("meshed")}/kuma-cni`, { spec: { config: "{}" } });
  await is("meshed", "");
  await cluster.request("DELETE", `${path("meshed")}/kuma-cni`);
  await is("meshed", "");

  await merge(cluster, "/api/v1/namespaces/plain", { metadata: { labels: { [INJECTION]: "no" } } });
  await is("plain", "");
  await merge(cluster, "/api/v1/namespaces/plain", { metadata: { labels: { [INJECTION]: null } } });
  await is("plain", undefined);

  // What somebody else made is left alone, label or not.
  await cluster.createNamespace("theirs");
  await cluster.request("POST", path("theirs"), {
    apiVersion: "k8s.cni.cncf.io/v1",
    kind: "NetworkAttachmentDefinition",
    metadata: { name: "kuma-cni" },
    spec: { config: '{"type":"bridge"}' },
  });
  await program.until(
    "it says that it leaves somebody else's alone",
    () => program.lines("a NetworkAttachmentDefinition of somebody else is left alone").length > 0,
  );
  assert.equal(await configOf(cluster, "theirs"), '{"type":"bridge"}');
  assert.equal(await program.end(), 0);
});

async function merge(cluster: TestCluster, path: string, body: Record<string, unknown>) {
  const contentType = "application/merge-patch+json";
  await cluster.request("PATCH", path, body, { contentType });
}

/** As Multus installs it, without its descriptions. */
const MULTUS = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "network-attachment-definitions.k8s.cni.cncf.io" },
  spec: {
    group: "k8s.cni.cncf.io",
    scope: "Namespaced",
    names: {
      plural: "network-attachment-definitions",
      singular: "network-attachment-definition",
      kind: "NetworkAttachmentDefinition",
      shortNames: ["net-attach-def"],
    },
    versions: [{
      name: "v1",
      served: true,
      storage: true,
      schema: {
        openAPIV3Schema: {
          type: "object",
          properties: {
            spec: { type: "object", properties: { config: { type: "string" } } },
          },
        },
      },
    }],
  },
};
