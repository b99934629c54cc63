/**
 * Namespaces that are deleted while no replica answers, as when somebody deletes the system namespace and
 * nothing else: what is in them must be possible to remove.
 */
import assert from "node:assert/strict";
import { startApiServer } from "../kube/apiserver.ts";
import { Kubectl } from "../kube/kubectl.ts";
import { NamespaceControllers } from "../kube/namespace_controllers.ts";
import { requires } from "../support/requires.ts";
import { CALL_ENDPOINTS, FakeDeployment } from "./fake_deployment.ts";
import { startProcess } from "./fake_kubelet.ts";
import { PROGRAM } from "./program.ts";
import { dataplane, named, of, secret, SECRETS } from "./resources_cluster.ts";
import { MESHES, openDefinition, PATCHES } from "./test_webhook.ts";

const test = requires("etcd", "kubectl");

test("namespaces go while no replica answers, what is Kuma's in them too", async (t) => {
  await using cluster = await startApiServer({ apiServerArgs: CALL_ENDPOINTS });
  await using _controllers = new NamespaceControllers(cluster);
  await using kubectl = await Kubectl.of(cluster);
  await kubectl.provide("kuma-webhook", PROGRAM);
  await using pods = new FakeDeployment(cluster, startProcess);
  const pipe =
    "kuma-webhook manifests --image a/kuma-webhook:1 --drain-time 0 | kubectl apply -f -";
  const installed = await kubectl.shell(pipe);
  assert.equal(installed.code, 0, installed.stderr);
  await pods.rollOut();
  for (
    const [kind, plural] of [["Dataplane", "dataplanes"], ["MeshTimeout", "meshtimeouts"]] as const
  ) await cluster.applyCrd(openDefinition(kind, plural, "Namespaced"));
  await cluster.createNamespace("shop");
  await cluster.request("POST", MESHES, named("Mesh", "default"));
  await cluster.request("POST", PATCHES, named("ContainerPatch", "tune", { spec: {} }));
  await cluster.request("POST", SECRETS, secret("my-cert", "x"));
  await cluster.request("POST", of("meshtimeouts", "kuma-system"), named("MeshTimeout", "slow"));
  await cluster.request("POST", of("dataplanes"), dataplane("orders"));
  for (const { code, log } of await pods.end()) assert.equal(code, 0, log);

  await t.step("nothing answers, and what would have to be checked is refused", async () => {
    await assert.rejects(
      cluster.request("POST", PATCHES, named("ContainerPatch", "late", { spec: {} })),
      /failed calling webhook .{1,3}validator\.kuma-admission\.kuma\.io/,
    );
    await assert.rejects(
      cluster.request("DELETE", `${MESHES}/default`),
      /failed calling webhook .{1,3}validator\.kuma-admission\.kuma\.io/,
    );
  });
  for (const namespace of ["shop", "kuma-system"]) {
    await t.step(`${namespace} goes`, async () => {
      const gone = await kubectl.run(["delete", "namespace", namespace, "--timeout=90s"]);
      assert.equal(gone.code, 0, gone.stderr);
    });
  }
});
