/**
 * Each image, started by runc as its chart starts it: with the user, the rights and the root folder that nobody may
 * write. What the others are asked beside their version is in tests of their own here (kuma-init, install-cni), in
 * tests/webhook (kuma-webhook), and for all of them under a kubelet in tests/node.
 */
import assert from "node:assert/strict";
import type { V1Container, V1Pod, V1PodSpec } from "@kubernetes/client-node";
import { IMAGES } from "build/image_contents.ts";
import { SBOM_PATH } from "build/image_sbom.ts";
import { systemObjects } from "core/manifests/write.ts";
import { defaultValues, mergeValues } from "core/manifests/values/table.ts";
import { VERSION } from "core/version.ts";
import { startApiServer } from "../kube/apiserver.ts";
import { Kubectl } from "../kube/kubectl.ts";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { preparePod, startContainer } from "../webhook/fake_kubelet.ts";
import { initContainer } from "core/inject/init.ts";
import { loadSettings } from "core/inject/settings/load.ts";
import { runContainer, TestImage } from "./image.ts";

const VALUES = mergeValues(defaultValues(), {
  cni: { enabled: true },
  experimental: { ebpf: { enabled: true } },
});
const OBJECTS = systemObjects(
  { namespace: "kuma-system", values: VALUES, sha256: () => "" },
  { besideKuma: false },
);
/** Names of the chart's containers by component; that of kumactl is the webhook's kuma-init. */
const CONTAINERS: Readonly<Record<string, string>> = {
  webhook: "kuma-webhook",
  controller: "kuma-controller",
  installer: "install-cni",
  "ebpf-loader": "kuma-ebpf-loader",
};
/** Most that an image may have, in MB; measured: 102, 101, 203, 108 and 103. */
const MOST: Readonly<Record<string, number>> = {
  webhook: 110,
  controller: 110,
  installer: 220,
  kumactl: 120,
  "ebpf-loader": 112,
};

interface Workload {
  readonly kind: string;
  readonly spec: { readonly template: { readonly metadata: object; readonly spec: V1PodSpec } };
}

function workloads(): Workload[] {
  const all = OBJECTS as unknown as Workload[];
  return all.filter(({ kind }) => kind === "Deployment" || kind === "DaemonSet");
}

/** The container of a component, with what the pod says for all of its containers. */
function containerOf(component: string): Partial<V1Container> {
  if (component === "kumactl") {
    const { settings } = loadSettings(undefined, {});
    return initContainer(settings, [], undefined) as unknown as V1Container;
  }
  for (const { spec: { template: { spec } } } of workloads()) {
    const found = spec.containers.find(({ name }) => name === CONTAINERS[component]);
    if (found === undefined) continue;
    const { runAsUser, runAsGroup } = spec.securityContext ?? {};
    const ofPod = runAsUser === undefined ? {} : { runAsUser, runAsGroup };
    return { ...found, securityContext: { ...ofPod, ...found.securityContext } } as V1Container;
  }
  throw new Error(`The chart has no container of ${component}`);
}

const test = requires("root", "podman", "debian", "etcd", "kubectl");

for (const component of Object.keys(IMAGES)) {
  test(`the image of ${component} starts as its chart starts it`, async (t) => {
    await using image = await TestImage.make(component);
    const { securityContext } = containerOf(component);
    const version = (command: Partial<V1Container>) =>
      runContainer(image, { securityContext: securityContext!, args: ["--version"], ...command }, {
        network: "none",
        volumes: {},
      });

    await t.step(
      "with a root folder that nobody may write, and only as root where it has to be",
      () => {
        assert.equal(securityContext?.readOnlyRootFilesystem, true);
        const isRoot = (securityContext?.runAsUser ?? 0) === 0;
        assert.equal(isRoot, !["webhook", "controller"].includes(component));
      },
    );

    await t.step("it says its version", async () => {
      const programs = IMAGES[component]?.components ?? [];
      const plugin = { command: ["/opt/cni/bin/kuma-cni"] };
      for (const command of programs.map((name) => name === "cni" ? plugin : {})) {
        const done = await version(command);
        assert.deepEqual([done.code, done.stderr], [0, ""]);
        assert.ok(done.stdout.includes(VERSION), done.stdout);
      }
    });

    await t.step("it is no larger than it has to be", () => {
      const megabytes = image.made.size / 1e6;
      assert.ok(megabytes < (MOST[component] ?? 0), `${component}: ${megabytes.toFixed(1)} MB`);
    });

    await t.step(
      "its bill of materials lies in it, and names every package whose licence does",
      async () => {
        const files = await image.files();
        assert.ok(files.includes(`f ${SBOM_PATH} 644 0`), files.join("\n"));
        const bill = JSON.parse(await Deno.readTextFile(image.made.sbom)) as {
          bomFormat: string;
          components: { name: string; version: string }[];
        };
        assert.equal(bill.bomFormat, "CycloneDX");
        const named = new Map(bill.components.map(({ name, version }) => [name, version]));
        const licences = files.flatMap((line) =>
          /^f \/usr\/share\/doc\/(.*)\/copyright /.exec(line)?.[1] ?? []
        );
        assert.ok(licences.includes("libc6"), licences.join());
        for (const name of [...licences, "denort", "commander"]) {
          assert.match(named.get(name) ?? "", /^\d/, `${name} among ${[...named.keys()]}`);
        }
      },
    );

    if (component === "controller") {
      await t.step("as a pod of its Deployment it is ready", () => controllerServes(image));
    }
  });
}

/** Runs the controller's image as a pod of its Deployment, until its probes pass, and ends it as a kubelet does. */
async function controllerServes(image: TestImage): Promise<void> {
  await using cluster = await startApiServer();
  await using kubectl = await Kubectl.of(cluster);
  await cluster.createNamespace("kuma-system");
  const applied = await kubectl.run(
    ["apply", "-f", "-"],
    JSON.stringify({ apiVersion: "v1", kind: "List", items: OBJECTS }),
  );
  assert.equal(applied.code, 0, applied.stderr);
  const template = workloads().find(({ spec }) =>
    spec.template.spec.containers[0]?.name === "kuma-controller"
  )?.spec.template;
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...template?.metadata, name: "controller" },
    spec: template?.spec,
  };
  const stored = await cluster.request<
    V1Pod & { metadata: { name: string } }
  >(
    "POST",
    "/api/v1/namespaces/kuma-system/pods",
    pod,
  );
  const prepared = await preparePod(cluster, stored);
  const [container] = stored.spec?.containers ?? [];
  const started = startContainer(cluster, {
    ...prepared,
    // All containers share this machine's ports here.
    args: [...prepared.args, `--port=${prepared.port}`],
    pod: { ...stored, spec: { ...stored.spec, containers: [{ ...container!, image: image.tag }] } },
  });
  const log = new Response(started.child.stderr).text();
  try {
    for (const probe of [container?.livenessProbe, container?.readinessProbe]) {
      const path = probe?.httpGet?.path;
      const url = `http://127.0.0.1:${prepared.port}${path}`;
      await waitUntil(`${path} is good`, async () => {
        const answer = await fetch(url).catch(() => undefined);
        await answer?.body?.cancel();
        return answer?.status === 200;
      }, { timeoutMs: 60_000, intervalMs: 200 });
    }
    started.child.kill("SIGTERM");
    const { code } = await started.child.status;
    assert.equal(code, 0, await log);
  } finally {
    await started.kill();
    await started.child.status;
    await log;
    await Deno.remove(prepared.folder, { recursive: true });
  }
}
