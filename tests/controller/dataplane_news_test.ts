/**
 * Which news reach which Dataplanes, against a real API server: definitions that come later, owners, EndpointSlices,
 * namespaces, and the other Dataplanes of the mesh where outbounds are listed.
 */
import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { requires } from "../support/requires.ts";
import { DataplaneLab, servicesOf } from "./dataplane_lab.ts";

const test = requires("etcd");

test("the definitions come later, and every kind of news reaches its pods", async () => {
  await using lab = await DataplaneLab.start({ bare: true });
  const { cluster } = lab;
  await cluster.createNamespace("shop");
  await using program = await lab.program();
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-7c5", uid: "u" };
  const pod = await lab.pod("shop", "web-1", { ownerReferences: [owner] as unknown as JsonObject });
  await lab.runs("shop", "web-1");
  await program.until(
    "it waits for the definitions",
    () => program.lines("the API server does not serve this kind yet").length === 2,
  );
  await lab.define();
  const ofWeb = () => lab.dataplane("shop", "web-1");
  await program.until(
    "it waits for the ReplicaSet",
    async () =>
      JSON.parse(await program.page("/status"))["kuma-pod-controller"].waiting
        .first["shop/web-1"] ===
        "ReplicaSet web-7c5",
  );
  const labels = { app: "web-1" };
  await cluster.request("POST", "/apis/apps/v1/namespaces/shop/replicasets", {
    metadata: {
      name: "web-7c5",
      ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: "d" }],
    },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "a", image: "a:1" }] } },
    },
  });
  await program.until(
    "it has its Deployment's name",
    async () => servicesOf(await ofWeb()).join() === "web_shop_svc",
  );

  await lab.create(`
kind: Service
metadata: { name: manual, namespace: shop }
spec: { ports: [{ port: 80, targetPort: 8080 }] }
`);
  const slices = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices";
  await cluster.request("POST", slices, {
    metadata: { name: "manual-1", labels: { "kubernetes.io/service-name": "manual" } },
    addressType: "IPv4",
    endpoints: [{
      addresses: ["10.0.0.1"],
      targetRef: { kind: "Pod", namespace: "shop", name: "web-1", uid: pod.metadata.uid },
    }],
  });
  await program.until(
    "an EndpointSlice makes it a Service's",
    async () => servicesOf(await ofWeb()).join() === "manual_shop_svc_80",
  );
  await cluster.request("DELETE", `${slices}/manual-1`);
  await program.until(
    "and its end ends that",
    async () => servicesOf(await ofWeb()).join() === "web_shop_svc",
  );

  await lab.mesh("blue");
  await lab.patch("/api/v1/namespaces/shop", { metadata: { labels: { "kuma.io/mesh": "blue" } } });
  await program.until("the namespace's mesh is followed", async () => {
    const { mesh, metadata } = await ofWeb() ?? {};
    return mesh === "blue" && metadata?.labels?.["kuma.io/mesh"] === "blue";
  });

  // The definition refuses what is wrong, and keeps what it does not know.
  const collection = "/apis/kuma.io/v1alpha1/namespaces/shop/dataplanes";
  const dataplane = (name: string, inbound: JsonObject) => ({
    apiVersion: "kuma.io/v1alpha1",
    kind: "Dataplane",
    mesh: "default",
    metadata: { name },
    spec: { networking: { address: "10.0.0.9", fromTheFuture: 1, inbound: [inbound] } },
  });
  await assert.rejects(
    cluster.request("POST", collection, dataplane("wrong", { port: 70_000 })),
    /should be less than or equal to 65535/,
  );
  await cluster.request("POST", collection, dataplane("right", { port: 80 }));
  const right = await lab.dataplane("shop", "right");
  assert.equal((right?.spec.networking as JsonObject).fromTheFuture, 1);
  assert.equal(await program.end(), 0);
});

test("where Dataplanes list their outbounds, those follow the mesh", async () => {
  await using lab = await DataplaneLab.start();
  const { cluster } = lab;
  await cluster.createNamespace("shop");
  const legacy = { KUMA_EXPERIMENTAL_KUBE_OUTBOUNDS_AS_VIPS: "false" };
  await using program = await lab.program(legacy);
  const outbounds = async (name: string) => {
    const networking = (await lab.dataplane("shop", name))?.spec.networking as JsonObject;
    return ((networking?.outbound ?? []) as JsonObject[]).map(({ address, port }) =>
      `${address}:${port}`
    );
  };
  await lab.pod("shop", "client");
  await lab.runs("shop", "client", "10.0.0.1");
  for (const [name, address] of [["orders", "10.0.0.2"], ["db-0", "10.0.0.3"]] as const) {
    await lab.pod("shop", name, { labels: { app: name } });
    await lab.runs("shop", name, address);
  }
  await lab.create(`
kind: Service
metadata: { name: orders, namespace: shop }
spec: { selector: { app: orders }, ports: [{ port: 80, targetPort: web }] }
`);
  await lab.create(`
kind: Service
metadata: { name: db, namespace: shop }
spec: { clusterIP: None, selector: { app: db-0 }, ports: [{ port: 81, targetPort: web }] }
`);
  const { spec } = await cluster.request<{ spec: { clusterIP: string } }>(
    "GET",
    "/api/v1/namespaces/shop/services/orders",
  );
  const all = ["10.0.0.3:8080", `${spec.clusterIP}:80`];
  await program.until(
    "the client has both",
    async () => (await outbounds("client")).join() === all.join(),
  );
  await program.until(
    "a headless pod does not reach itself",
    async () => (await outbounds("db-0")).join() === all[1],
  );
  await cluster.deletePod("shop", "db-0");
  await program.until(
    "a pod that is gone is in no list",
    async () => (await outbounds("client")).join() === all[1],
  );
  await cluster.request("DELETE", "/api/v1/namespaces/shop/services/orders");
  await program.until("nor is a Service", async () => (await outbounds("client")).length === 0);
  assert.equal(await program.end(), 0);
});
