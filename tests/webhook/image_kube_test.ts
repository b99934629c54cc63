/**
 * The container image, run by podman as the manifests' pods would be: as their user, with a root that
 * nobody may write, without capabilities. Faked is the kubelet around it (fake_kubelet.ts); the address of
 * the API server and the pods' network are this machine's.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { makeImage, parseImageArgs } from "build/image.ts";
import { ROOT } from "build/task.ts";
import { startApiServer } from "../kube/apiserver.ts";
import { Kubectl } from "../kube/kubectl.ts";
import { NamespaceControllers } from "../kube/namespace_controllers.ts";
import { must, run } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { CALL_ENDPOINTS, FakeDeployment } from "./fake_deployment.ts";
import { startContainer } from "./fake_kubelet.ts";
import { PROGRAM } from "./program.ts";

const TAG = `localhost/kuma-webhook-test:${Deno.pid}`;

/** `podman run` as a person on this machine would, with limits that a container in a container may set. */
function podmanRun(...args: string[]) {
  const limits = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000", "--runtime=runc"];
  return run("podman", ["run", "--rm", "--network=host", "--read-only", ...limits, TAG, ...args]);
}

/** Makes the image for as long as a test takes. */
async function withImage(use: (id: string) => Promise<void>): Promise<void> {
  const { id } = await makeImage(ROOT, parseImageArgs(["--tag", TAG]));
  try {
    await use(id);
  } finally {
    await must("podman", ["rmi", "--force", TAG]);
  }
}

requires("podman")(
  "the image holds the program and its libraries, and is made twice alike",
  () =>
    withImage(async (id) => {
      const again = `${TAG}-again`;
      assert.equal((await makeImage(ROOT, parseImageArgs(["--tag", again]))).id, id);
      await must("podman", ["rmi", again]);

      const help = await podmanRun("--help");
      assert.equal(help.code, 0, help.stderr);
      assert.match(help.stdout, /manifests/);
      const inside = await podmanRun("manifests", "--image", "registry.example/w:1");
      const here = await run(PROGRAM, ["manifests", "--image", "registry.example/w:1"]);
      assert.equal(inside.code, 0, inside.stderr);
      assert.equal(inside.stdout, here.stdout);

      const [{ Config: config }] = JSON.parse(await must("podman", ["image", "inspect", TAG]));
      assert.equal(config.User, "65532:65532");
      const files = (await must("podman", ["image", "mount", TAG])).trim();
      try {
        const found = (await must("find", [files, "-type", "f", "-printf", "%P %m %U\n"])).trim();
        const lines = found.split("\n").filter((line) => !line.startsWith("usr/share/doc/"));
        assert.deepEqual(lines.filter((line) => !line.endsWith(" 755 0")), []);
        const folders = new Set(lines.map((line) => dirname(line.replace(/ .*/, ""))));
        assert.ok(
          folders.has("usr/bin") && folders.size <= 3,
          "beside papers there are program, libraries and loader only",
        );
      } finally {
        await must("podman", ["image", "unmount", TAG]);
      }
    }),
);

requires("podman", "etcd", "kubectl")(
  "the image serves as the manifests' pods",
  () =>
    withImage(async () => {
      await using cluster = await startApiServer({ apiServerArgs: CALL_ENDPOINTS });
      await using _controllers = new NamespaceControllers(cluster);
      await using kubectl = await Kubectl.of(cluster);
      await kubectl.provide("kuma-webhook", PROGRAM);
      await using pods = new FakeDeployment(cluster, startContainer);
      await Deno.writeTextFile(`${kubectl.folder}/cp.yaml`, "dpServer: {port: 5679}\n");
      const installed = await kubectl.shell(
        `kuma-webhook manifests --image ${TAG} --config-file cp.yaml --drain-time 1 | kubectl apply -f -`,
      );
      assert.equal(installed.code, 0, installed.stderr);
      await pods.rollOut();
      const mesh = { apiVersion: "kuma.io/v1alpha1", kind: "Mesh", metadata: { name: "default" } };
      const applied = await kubectl.run(["apply", "-f", "-"], JSON.stringify(mesh));
      assert.equal(applied.code, 0, applied.stderr);

      await cluster.createNamespace("shop", { "kuma.io/sidecar-injection": "enabled" });
      const pod = await cluster.createPod("shop", { metadata: { name: "web" } }) as V1Pod;
      const [sidecar, app] = pod.spec?.containers ?? [];
      assert.deepEqual([sidecar?.name, app?.name], ["kuma-sidecar", "app"]);
      const url = sidecar?.env?.find(({ name }) => name === "KUMA_CONTROL_PLANE_URL")?.value;
      assert.equal(url, "https://kuma-control-plane.kuma-system:5679", "the ConfigMap's document");

      const ended = await pods.end();
      assert.deepEqual(
        ended.map(({ code }) => code),
        [0, 0],
        ended.map(({ log }) => log).join("\n"),
      );
    }),
);
