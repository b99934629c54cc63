/**
 * The whole system on a real node: what `kumactl install control-plane` prints is applied, kubelet runs it from our
 * images, and pods live and die in it. In place of kuma-dp runs a stand-in with its ports and probes.
 */
import assert from "node:assert/strict";
import { kumactlPath } from "../kernel/kumactl.ts";
import { must } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { REGISTRY, TAG } from "./images.ts";
import { TestNode } from "./node.ts";
import { STANDIN_IMAGE } from "./spec.ts";

const test = requires("root", "netns", "containerd", "podman", "cni-plugins", "etcd", "kubectl");

/** Repositories of the images by component: the defaults of the values. */
const IMAGES = {
  webhook: "kuma-webhook",
  controller: "kuma-controller",
  installer: "kuma-cni",
  kumactl: "kuma-init",
};
const [STANDIN = "", STANDIN_TAG = ""] = STANDIN_IMAGE.split(":");

/** What the tests always ask for. */
const VALUES = [
  `global.image.registry=${REGISTRY}`,
  `global.image.tag=${TAG}`,
  "dataPlane.image.registry=localhost",
  `dataPlane.image.repository=${STANDIN.replace("localhost/", "")}`,
  `dataPlane.image.tag=${STANDIN_TAG}`,
];
const CNI = ["cni.enabled=true", "cni.chained=true", "cni.confName=10-test.conflist"];
const CNI_FOLDERS = ["cni.netDir=/etc/cni/net.d", "cni.binDir=/opt/cni/bin"];

const MESH = `apiVersion: kuma.io/v1alpha1
kind: Mesh
metadata: {name: default}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {kuma.io/sidecar-injection: enabled}}
`;

function pod(name: string): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: shop, labels: {app: ${name}}}
spec:
  terminationGracePeriodSeconds: 2
  containers:
  - name: app
    image: ${STANDIN_IMAGE}
    args: [app]
    ports: [{containerPort: 8080}]
    readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec:
  ipFamilyPolicy: PreferDualStack
  selector: {app: ${name}}
  ports: [{name: main, port: 80, targetPort: 8080, appProtocol: http}]
---
`;
}

async function manifests(...values: string[]): Promise<string> {
  const sets = [...VALUES, ...values].flatMap((value) => ["--set", value]);
  return await must(kumactlPath(), ["install", "control-plane", ...sets]);
}

async function ready(node: TestNode, name: string): Promise<void> {
  const path = "jsonpath={.status.conditions[?(@.type=='Ready')].status}";
  await node.until(
    `${name} is ready`,
    async () =>
      (await node.kubectl(["get", "pod", "-n", "shop", name, "-o", path])).stdout === "True",
  );
}

/** Waits until a Deployment or DaemonSet has what it wants. */
async function rolledOut(node: TestNode, what: string): Promise<void> {
  await node.until(`${what} is rolled out`, async () => {
    const status = ["rollout", "status", what, "-n", namespaceOf(what), "--timeout=1s"];
    return (await node.kubectl(status)).code === 0;
  });
}

const namespaceOf = (what: string) => what.startsWith("daemonset/") ? "kube-system" : "kuma-system";

async function taints(node: TestNode): Promise<string> {
  return await node.must(["get", "node", node.spec.name, "-o", "jsonpath={.spec.taints}"]);
}

test(
  "pods live in the mesh of a real node, by the CNI",
  { sanitizeResources: false },
  async (t) => {
    await using node = await TestNode.start(IMAGES);
    Deno.stderr.writeSync(new TextEncoder().encode(node.said));

    await t.step(
      "the system is applied and rolls out; the node is tainted until its CNI is ready",
      async () => {
        await node.apply(await manifests(...CNI, ...CNI_FOLDERS));
        await rolledOut(node, "deployment/kuma-webhook");
        await rolledOut(node, "deployment/kuma-controller");
        await rolledOut(node, "daemonset/kuma-cni-node");
        await node.until("the node is free", async () => !/NodeReadiness/.test(await taints(node)));
        await node.apply(MESH);
      },
    );

    await t.step("pods are injected, scheduled, chained and ready", async () => {
      await node.apply(pod("server") + pod("client"));
      await ready(node, "server");
      await ready(node, "client");
    });

    for (const family of ["IPv4", "IPv6"]) {
      await t.step(`a connection goes through both sidecars, ${family}`, async () => {
        const paths = "jsonpath={.status.podIPs[*].ip}";
        const ips = (await node.must(["get", "pod", "-n", "shop", "server", "-o", paths])).split(
          " ",
        );
        const ip = ips.find((one) => one.includes(":") === (family === "IPv6"));
        assert.ok(ip !== undefined, `${ips}`);
        const url = `http://${ip.includes(":") ? `[${ip}]` : ip}:8080/${family}`;
        const answer = await node.must([
          "exec",
          "-n",
          "shop",
          "client",
          "-c",
          "app",
          "--",
          "/standin",
          "get",
          url,
        ]);
        assert.match(answer, new RegExp(`200 OK\\napp server saw /${family}`));
        const out = await node.must(["logs", "-n", "shop", "client", "-c", "kuma-sidecar"]);
        const at = ip.includes(":") ? `[${ip}]` : ip;
        assert.ok(out.includes(`to ${at}:8080`), out);
        const into = await node.must(["logs", "-n", "shop", "server", "-c", "kuma-sidecar"]);
        assert.match(into, /inbound from .* to .*:8080/);
      });
    }

    await t.step("its Dataplane appears, with the tags of its Service", async () => {
      await node.until("the Dataplane is ready", async () => {
        const { stdout } = await node.kubectl([
          "get",
          "dataplane",
          "-n",
          "shop",
          "server",
          "-o",
          "json",
        ]);
        if (stdout === "") return false;
        const { spec } = JSON.parse(stdout);
        const [inbound] = spec.networking.inbound;
        return inbound.tags["kuma.io/service"] === "server_shop_svc_80" &&
          inbound.tags["kuma.io/protocol"] === "http" && inbound.health.ready === true;
      });
    });

    await t.step("deleted pods leave nothing", async () => {
      await node.must(["delete", "pod", "-n", "shop", "server", "client", "--wait"]);
      await node.until(
        "the Dataplanes are gone",
        async () => (await node.must(["get", "dataplanes", "-n", "shop", "-o", "name"])) === "",
      );
      await node.until("no veth is left but the system's", async () => {
        const { stdout } = await node.run("ip", ["-o", "link", "show", "type", "veth"]);
        const { stdout: pods } = await node.kubectl([
          "get",
          "pods",
          "-A",
          "-o",
          "jsonpath={.items[?(@.spec.hostNetwork!=true)].metadata.name}",
        ]);
        // Two ends of the wire, and one end for each pod that has a namespace of its own.
        return stdout.trim().split("\n").length ===
          2 + pods.split(" ").filter((one) => one !== "").length;
      });
    });
  },
);
