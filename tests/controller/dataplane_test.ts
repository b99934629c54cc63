/**
 * Dataplanes against a real API server: from the documentation's example to the end of a pod, put right when they
 * are edited or deleted, Events for what is wrong, and no write beside a control plane of Kuma.
 */
import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { Kubectl } from "../kube/kubectl.ts";
import { metricsSteps } from "tests/support/metrics.ts";
import { requires } from "../support/requires.ts";
import { DataplaneLab, inboundsOf, servicesOf } from "./dataplane_lab.ts";

const test = requires("etcd");

const EXAMPLE = `
kind: Service
metadata: { name: my-service, namespace: my-namespace }
spec:
  selector: { app: my-app }
  type: ClusterIP
  ports:
  - { name: port1, protocol: TCP, appProtocol: http, port: 80, targetPort: 8080 }
  - { name: port2, protocol: TCP, appProtocol: grpc, port: 1200, targetPort: 8081 }
---
kind: Service
metadata: { name: my-other-service, namespace: my-namespace }
spec:
  selector: { foo: bar }
  type: ClusterIP
  ports:
  - { protocol: TCP, appProtocol: http, port: 81, targetPort: 8080 }
`;

const service = (name: string, port: number) => `
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { selector: { app: orders }, ports: [{ port: ${port}, targetPort: web }] }
`;

test("a pod's Dataplane, from its address to its end", async () => {
  await using lab = await DataplaneLab.start();
  const { cluster } = lab;
  await cluster.createNamespace("my-namespace");
  await cluster.createNamespace("shop");
  await using program = await lab.program();
  const is = (what: string, probe: () => Promise<boolean>) => program.until(what, probe);
  const ofOrders = () => lab.dataplane("shop", "orders");

  // The documentation's example.
  await lab.create(EXAMPLE);
  const pod = await lab.pod("my-namespace", "my-app", { labels: { foo: "bar" } });
  await lab.runs("my-namespace", "my-app");
  await is(
    "my-app has its Dataplane",
    async () => inboundsOf(await lab.dataplane("my-namespace", "my-app")).length === 3,
  );
  const made = await lab.dataplane("my-namespace", "my-app");
  const tags = (service: string, port: number, protocol: string) => ({
    app: "my-app",
    foo: "bar",
    "kuma.io/protocol": protocol,
    "kuma.io/service": `${service}_my-namespace_svc_${port}`,
    "k8s.kuma.io/service-name": service,
    "k8s.kuma.io/service-port": String(port),
    "k8s.kuma.io/namespace": "my-namespace",
    "kuma.io/zone": "default",
    "topology.kubernetes.io/zone": "eu-a",
  });
  const health = { ready: true };
  assert.deepEqual(inboundsOf(made), [
    { port: 8080, health, tags: tags("my-other-service", 81, "http") },
    { port: 8080, name: "port1", health, tags: tags("my-service", 80, "http") },
    { port: 8081, name: "port2", health, tags: tags("my-service", 1200, "grpc") },
  ]);
  assert.equal(made?.mesh, "default");
  assert.equal(made?.metadata.ownerReferences?.[0]?.uid, pod.metadata.uid);
  await using kubectl = await Kubectl.of(cluster);
  const { stdout: table } = await kubectl.run(["get", "dataplanes", "-n", "my-namespace"]);
  assert.match(table, /^NAME +KUMA\.IO\/SERVICE +KUMA\.IO\/SERVICE$/m);
  assert.match(
    table,
    /^my-app +my-other-service_my-namespace_svc_81 +my-service_my-namespace_svc_80$/m,
  );

  // A life: no Dataplane without an address, not ready, ready, leaving, gone.
  await lab.pod("shop", "orders", { labels: { app: "orders" } });
  await lab.create(service("orders", 80));
  await lab.runs("shop", "orders", "10.0.0.2", false);
  await is("it is not ready", async () => inboundsOf(await ofOrders())[0]?.state === "NotReady");
  await lab.runs("shop", "orders", "10.0.0.2", true);
  await is("it is ready", async () => inboundsOf(await ofOrders())[0]?.state === undefined);
  await lab.create(service("a-second", 81));
  await is(
    "a second Service",
    async () => servicesOf(await ofOrders()).join() === "a-second_shop_svc_81,orders_shop_svc_80",
  );
  await cluster.request("DELETE", "/api/v1/namespaces/shop/services/orders");
  await is(
    "one Service is gone",
    async () => servicesOf(await ofOrders()).join() === "a-second_shop_svc_81",
  );
  await lab.patch("/api/v1/nodes/node-a", {
    metadata: { labels: { "topology.kubernetes.io/zone": "eu-b" } },
  });
  await is(
    "the node's label is followed",
    async () =>
      (inboundsOf(await ofOrders())[0]?.tags as JsonObject)["topology.kubernetes.io/zone"] ===
        "eu-b",
  );

  // Edited and deleted by hand; what others add to its metadata is theirs.
  const path = lab.dataplanePath("shop", "orders");
  await lab.patch(path, { mesh: "forged", spec: { networking: { address: "10.9.9.9" } } });
  await is("the edit is undone", async () => {
    const { mesh, spec } = await ofOrders() ?? {};
    return mesh === "default" && (spec?.networking as JsonObject).address === "10.0.0.2";
  });
  await cluster.request("DELETE", path);
  await is("it is made again", async () => servicesOf(await ofOrders()).length === 1);
  await lab.patch(path, { metadata: { labels: { team: "a" }, annotations: { note: "b" } } });
  const before = (await ofOrders())?.metadata.resourceVersion;
  await lab.runs("shop", "orders", "10.0.0.3");
  await is(
    "it is written later",
    async () => (await ofOrders())?.metadata.resourceVersion !== before,
  );
  assert.equal((await ofOrders())?.metadata.labels?.team, "a", "a foreign label stays");

  await cluster.request("DELETE", lab.podPath("shop", "orders"), { gracePeriodSeconds: 600 });
  await is("it leaves", async () => inboundsOf(await ofOrders())[0]?.state === "NotReady");
  await cluster.deletePod("shop", "orders");
  // Nobody collects garbage here: after a while the controller does.
  await is("it is gone with its pod", async () => await ofOrders() === undefined);
  assert.equal(await program.end(), 0);
});

test("what is wrong with one pod is said at that pod, and concerns no other", async (t) => {
  await using lab = await DataplaneLab.start();
  const { cluster } = lab;
  await cluster.createNamespace("shop");
  await using program = await lab.program();
  const wrong = { annotations: { "kuma.io/transparent-proxying": "maybe" } };
  await lab.pod("shop", "wrong", wrong);
  await lab.pod("shop", "old", {
    labels: { "kuma.io/mesh": "" },
    annotations: { "kuma.io/mesh": "default" },
  });
  await lab.pod("shop", "lost", { labels: { "kuma.io/mesh": "nowhere" } });
  await lab.create(`
kind: Service
metadata: { name: unresolved, namespace: shop }
spec: { selector: { app: old }, ports: [{ port: 80, targetPort: nowhere }] }
`);
  for (const name of ["wrong", "old", "lost"]) await lab.runs("shop", name);
  const said = async (name: string, type: string) =>
    (await lab.events("shop")).filter((one) => one.involvedObject.name === name)
      .filter((one) => one.type === type).map(({ reason, message }) => `${reason}: ${message}`)
      .sort();
  await program.until(
    "the good one has its Dataplane",
    async () => servicesOf(await lab.dataplane("shop", "old")).join() === "old_shop_svc",
  );
  await program.until(
    "each is told",
    async () =>
      (await said("wrong", "Warning")).length === 1 &&
      (await said("old", "Warning")).length === 2 &&
      (await said("old", "Normal")).length === 1 &&
      (await said("lost", "Warning")).length === 1,
  );
  assert.deepEqual(await said("wrong", "Warning"), [
    "FailedToGenerateKumaDataplane: Failed to generate Kuma Dataplane: " +
    'metadata.annotations["kuma.io/transparent-proxying"]: wrong value "maybe"; ' +
    "write enabled, true, yes, disabled, false or no",
  ]);
  assert.deepEqual(await said("lost", "Warning"), [
    'FailedToGenerateKumaDataplane: Failed to generate Kuma Dataplane: mesh: Mesh "nowhere" does not exist',
  ]);
  assert.deepEqual((await said("old", "Warning")).map((line) => line.split(":")[0]), [
    "DeprecatedKumaAnnotation",
    "UnresolvedServicePort",
  ]);
  assert.deepEqual(await said("old", "Normal"), [
    "CreatedKumaDataplane: Created Kuma Dataplane: old",
  ]);
  assert.equal(await lab.dataplane("shop", "wrong"), undefined);
  const metrics = await program.pageWith("/metrics", /^kuma_controller_dataplane_faults 2$/m);
  const status = JSON.parse(await program.page("/status"))["kuma-pod-controller"];
  assert.deepEqual(Object.keys(status.faults.first).sort(), ["shop/lost", "shop/wrong"]);
  await metricsSteps(t, "kuma-controller", metrics);

  // Each is mended by the news of what was missing, and the annotation by a person.
  await lab.mesh("nowhere");
  await lab.patch(lab.podPath("shop", "wrong"), {
    metadata: { annotations: { "kuma.io/transparent-proxying": "disabled" } },
  });
  await program.until(
    "both have their Dataplane",
    async () =>
      (await lab.dataplane("shop", "lost"))?.mesh === "nowhere" &&
      await lab.dataplane("shop", "wrong") !== undefined,
  );
  await program.pageWith("/metrics", /^kuma_controller_dataplane_faults 0$/m);
  assert.equal(await program.end(), 0);
});

test("beside a control plane of Kuma nothing is written, and differences are reported", async () => {
  await using lab = await DataplaneLab.start();
  const { cluster } = lab;
  await cluster.createNamespace("shop");
  const deployments = "/apis/apps/v1/namespaces/kuma-system/deployments";
  const labels = { app: "kuma-control-plane" };
  await cluster.request("POST", deployments, {
    metadata: { name: "kuma-control-plane" },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "cp", image: "cp:1" }] } },
    },
  });
  for (const name of ["missing", "different", "same"]) {
    await lab.pod("shop", name);
    await lab.runs("shop", name);
  }
  const post = (object: unknown) =>
    cluster.request("POST", "/apis/kuma.io/v1alpha1/namespaces/shop/dataplanes", object);
  await post({
    apiVersion: "kuma.io/v1alpha1",
    kind: "Dataplane",
    mesh: "default",
    metadata: { name: "different" },
    spec: { networking: { address: "10.9.9.9" } },
  });
  await using program = await lab.program();
  const metric = (kind: string, count: number) =>
    program.until(`${count} ${kind}`, async () =>
      (await program.page("/metrics")).includes(
        `kuma_controller_dataplane_differences{kind="${kind}"} ${count}\n`,
      ));
  await metric("missing", 2);
  await metric("different", 1);
  const status = JSON.parse(await program.page("/status"))["kuma-pod-controller"];
  assert.equal(status.mode, "verify");
  assert.equal(status.reason, "the Deployment kuma-system/kuma-control-plane is there");
  assert.equal(status.differences.first["shop/missing"].kind, "missing");
  assert.ok(status.differences.first["shop/different"].fields.includes("/spec/networking/address"));
  assert.equal(program.lines("a Dataplane is not as it would be written").length, 3);
  assert.equal((await lab.dataplanes("shop")).length, 1, "nothing is written");

  // The control plane is taken down: now it is ours to write. It comes back: no longer.
  await lab.patch(`${deployments}/kuma-control-plane`, { spec: { replicas: 0 } });
  await program.until("all are written", async () => (await lab.dataplanes("shop")).length === 3);
  await metric("missing", 0);
  await lab.patch(`${deployments}/kuma-control-plane`, { spec: { replicas: 2 } });
  await program.until(
    "it verifies again",
    async () => JSON.parse(await program.page("/status"))["kuma-pod-controller"].mode === "verify",
  );
  await cluster.request("DELETE", lab.dataplanePath("shop", "same"));
  await metric("missing", 1);
  assert.equal(await lab.dataplane("shop", "same"), undefined);
  assert.deepEqual(await program.end(), 0);
});
