/**
 * What docs/webhook.md tells a person to do, done literally: its commands, kubectl and the API server with its
 * RBAC are real. Faked are the controllers and the kubelet (fake_deployment.ts, fake_kubelet.ts,
 * namespace_controllers.ts), since nothing in a test cluster runs pods. The Service is called by the
 * API server itself, at the addresses that the fake notes as its endpoints.
 */
import assert from "node:assert/strict";
import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { parse } from "yaml";
import { Kubectl } from "../kube/kubectl.ts";
import { type KubeObject, startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { NamespaceControllers } from "../kube/namespace_controllers.ts";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { CALL_ENDPOINTS, FakeDeployment } from "./fake_deployment.ts";
import { startProcess } from "./fake_kubelet.ts";
import { PROGRAM } from "./program.ts";
import { documentedCommands } from "./documentation.ts";

const test = requires("etcd", "kubectl");
const IMAGE = "registry.example/kuma-webhook:1";

/** Every kind that is not namespaced and of which something may be left. */
const LEFT = [
  "clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations",
  "customresourcedefinitions,namespaces",
].join(",");

function container(pod: V1Pod, name: string): V1Container {
  const all = [...pod.spec?.containers ?? [], ...pod.spec?.initContainers ?? []];
  const found = all.find((one) => one.name === name);
  assert.ok(found, `the pod has no ${name}`);
  return found;
}

function podNamed(cluster: TestCluster, name: string, namespace = "shop"): Promise<KubeObject> {
  return cluster.createPod(namespace, { metadata: { name } });
}

test("the documentation's example, from the pipe to the removal", async (t) => {
  await using cluster = await startApiServer({ apiServerArgs: CALL_ENDPOINTS });
  await using _controllers = new NamespaceControllers(cluster);
  await using kubectl = await Kubectl.of(cluster);
  await kubectl.provide("kuma-webhook", PROGRAM);
  await using pods = new FakeDeployment(cluster, startProcess);
  const before = (await kubectl.run(["get", LEFT, "-o", "name"])).stdout;

  let said = "";
  await t.step("install, mesh, patch, namespace and pod: every command succeeds", async () => {
    const [done] = await Promise.all([
      kubectl.shell(documentedCommands("cat > pod.yaml")),
      pods.rollOut(),
    ]);
    assert.equal(done.code, 0, done.stderr);
    said = done.stdout;
  });

  await t.step(
    "the stored pod has the sidecar, patched as the users' documentation says",
    async () => {
      const pod = await cluster.request<V1Pod>("GET", "/api/v1/namespaces/shop/pods/web");
      assert.deepEqual(pod.spec?.containers.map(({ name }) => name), ["kuma-sidecar", "web"]);
      const sidecar = container(pod, "kuma-sidecar");
      assert.equal(sidecar.securityContext?.privileged, true);
      assert.equal(sidecar.securityContext?.runAsUser, 5678);
      assert.equal(sidecar.resources?.requests?.cpu, "100m");
      assert.deepEqual(sidecar.resources?.limits, { cpu: "500m", memory: "256Mi" });
      assert.equal(container(pod, "kuma-init").image, "registry.example/kuma-init:1");
      const init = container(pod, "kuma-init").securityContext;
      assert.deepEqual(init?.seccompProfile, { type: "RuntimeDefault" });
      assert.deepEqual(init?.capabilities?.add, ["NET_ADMIN", "NET_RAW"]);
      const url = sidecar.env?.find(({ name }) => name === "KUMA_CONTROL_PLANE_URL");
      assert.equal(url?.value, "https://kuma-control-plane.kuma-system:5678");
    },
  );

  const label = "kuma.io/sidecar-injection";
  const why = `Pod shop/web would be injected: the label of namespace shop ${label} is enabled\n`;

  await t.step("how the webhook is, and what it would do", async () => {
    assert.match(said, /\n {4}name: kuma-sidecar\n/, "kubectl showed it");
    // There are no logs to be had without a kubelet.
    const commands = documentedCommands("proxy/readyz").replace(/^.* logs .*$/m, "");
    const { code, stdout, stderr } = await kubectl.shell(commands);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.startsWith(why), stdout);
    const [short = ""] = stdout.split("\nOptions, ");
    assert.match(short, /\n {2}set +init image: registry\.example\/kuma-init:1 \(setting KUMA_/);
    assert.doesNotMatch(short, /assumed/, "the settings are those of the Deployment");
    assert.match(stdout, /\n\+ {4}- name: kuma-sidecar\n/);
    assert.match(stdout, /\nkuma-webhook-1 /);
    assert.match(stdout, /\nok\n/);
  });

  await t.step("the pages for those who may see them", async () => {
    // Nor is there a way into a pod without one: its port is one of this machine.
    const commands = documentedCommands("token-header")
      .replace(/^.* port-forward .*$/m, "sleep 60 &").replaceAll("8443", String(pods.ports[0]));
    const { code, stdout, stderr } = await kubectl.shell(commands);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /\nkuma_webhook_informer_synced\{kind="containerpatches"\} 1\n/);
    assert.ok(stdout.includes(why), stdout);
    const page = "/api/v1/namespaces/kuma-system/services/https:kuma-webhook:443/proxy/metrics";
    const stranger = await kubectl.run(["get", "--raw", page]);
    assert.notEqual(stranger.code, 0);
    assert.match(stranger.stderr, /Unauthorized|provide credentials/);
    const gone = documentedCommands("delete clusterrolebinding");
    assert.equal((await kubectl.shell(gone)).code, 0);
  });

  await t.step("applying the same again changes nothing", async () => {
    const [pipe = ""] = documentedCommands("cat > pod.yaml").split("\n");
    const manifests = await kubectl.shell(pipe.replace(/ \| .*/, ""));
    const versions = async () => {
      const { stdout } = await kubectl.run(["get", "-f", "-", "-o", "json"], manifests.stdout);
      const { items } = JSON.parse(stdout) as { items: KubeObject[] };
      return items.map(({ kind, metadata }) => `${kind} ${metadata?.resourceVersion}`);
    };
    const first = await versions();
    const { code, stderr } = await kubectl.shell(pipe);
    assert.equal(code, 0, stderr);
    assert.equal(first.length, 15);
    assert.deepEqual(await versions(), first);
  });

  await t.step("a ContainerPatch that can never work is refused with one line", async () => {
    const bad = {
      apiVersion: "kuma.io/v1alpha1",
      kind: "ContainerPatch",
      metadata: { name: "bad", namespace: "kuma-system" },
      spec: { sidecarPatch: [{ op: "add", path: "/resources/limits/cpu", value: "500m" }] },
    };
    const { code, stderr } = await kubectl.run(["apply", "-f", "-"], JSON.stringify(bad));
    assert.equal(code, 1);
    assert.match(stderr, /spec\.sidecarPatch\[0\]\.value: "500m" is not JSON/);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
  });

  await t.step(
    "while no replica answers, meshed pods wait and the webhook's own do not",
    async () => {
      for (const { code, log } of await pods.end()) {
        assert.equal(code, 0, log);
        assert.doesNotMatch(log, /PRIVATE KEY|"level":"error"/);
      }
      await kubectl.run(["label", "namespace", "kuma-system", "kuma.io/sidecar-injection=enabled"]);
      await assert.rejects(podNamed(cluster, "late"), /failed calling webhook .*kuma-injector/);
      await podNamed(cluster, "own", "kuma-system");
    },
  );

  await t.step("the removal leaves nothing", async () => {
    const { code, stdout, stderr } = await kubectl.shell(
      documentedCommands("kubectl delete namespace"),
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /deployment\.apps "kuma-webhook" (force )?deleted/);
    assert.equal((await kubectl.run(["get", LEFT, "-o", "name"])).stdout, before);
  });
});

test("the pods fit the Pod Security level restricted", async () => {
  await using cluster = await startApiServer();
  await using kubectl = await Kubectl.of(cluster);
  await kubectl.provide("kuma-webhook", PROGRAM);
  await cluster.createNamespace("kuma-system");
  await Deno.writeTextFile(`${kubectl.folder}/cp.yaml`, "dpServer: {port: 5679}\n");
  const pipe = `kuma-webhook manifests --image ${IMAGE} --config-file cp.yaml ` +
    "--control-plane-ca-secret kuma-tls-cert | kubectl apply -f -";
  const installed = await kubectl.shell(pipe);
  assert.equal(installed.code, 0, installed.stderr);
  const path = "/apis/apps/v1/namespaces/kuma-system/deployments/kuma-webhook";
  const { spec } = await cluster.request<{ spec: { template: V1Pod } }>("GET", path);
  await cluster.createNamespace("strict", { "pod-security.kubernetes.io/enforce": "restricted" });
  await cluster.createServiceAccount("strict", "kuma-webhook");
  const pod = (change: object) =>
    cluster.createPod("strict", {
      metadata: { name: `p-${crypto.randomUUID().slice(0, 8)}` },
      spec: { ...spec.template.spec, ...change },
    });
  await pod({});
  const asRoot = { ...spec.template.spec?.securityContext, runAsNonRoot: false, runAsUser: 0 };
  await assert.rejects(pod({ securityContext: asRoot }), /violates PodSecurity .{1,3}restricted/);
});

test("beside Kuma's control plane nothing of Kuma's is touched but what the patch hands over", async () => {
  await using cluster = await startApiServer({ apiServerArgs: CALL_ENDPOINTS });
  await using _controllers = new NamespaceControllers(cluster);
  await using kubectl = await Kubectl.of(cluster);
  await kubectl.provide("kuma-webhook", PROGRAM);
  await using pods = new FakeDeployment(cluster, startProcess);
  const kuma = await Deno.readTextFile(new URL("./testdata/kuma.yaml", import.meta.url));
  const [definitions = "", objects = ""] = kuma.split("# Objects\n");
  assert.equal((await kubectl.run(["apply", "-f", "-"], definitions)).code, 0);
  // The API server serves a kind, and tells kubectl of it, some time after it took its definition.
  await waitUntil(
    "kubectl knows Kuma's kinds",
    async () => (await kubectl.run(["apply", "-f", "-", "--dry-run=server"], objects)).code === 0,
  );
  assert.equal((await kubectl.run(["apply", "-f", "-"], objects)).code, 0);
  const owned = () => kubectl.run(["get", "-f", "-", "-o", "json"], kuma);
  const versions = async () =>
    (parse((await owned()).stdout) as { items: KubeObject[] }).items.map(({ kind, metadata }) =>
      `${kind} ${metadata?.name} ${metadata?.uid} ${metadata?.resourceVersion}`
    );
  const before = await versions();
  const [pipe = "", patch = ""] = documentedCommands("--beside-kuma").split(/^(?=ca=)/m);

  const [done] = await Promise.all([kubectl.shell(pipe), pods.rollOut()]);
  assert.equal(done.code, 0, done.stderr);
  assert.deepEqual(await versions(), before);

  const patched = await kubectl.shell(patch);
  assert.equal(patched.code, 0, patched.stderr);
  assert.deepEqual(
    await entries(cluster),
    [
      [
        "mesh.defaulter.kuma-admission.kuma.io",
        "kuma-control-plane",
        "/default-kuma-io-v1alpha1-mesh",
      ],
      ["namespace-kuma-injector.kuma.io", "kuma-webhook", "/inject-sidecar"],
      ["pods-kuma-injector.kuma.io", "kuma-webhook", "/inject-sidecar"],
    ],
  );

  const shop = { "kuma.io/sidecar-injection": "enabled" };
  await cluster.request("POST", "/api/v1/namespaces", { metadata: { name: "shop", labels: shop } });
  const injected = await waitUntil("meshed pods are made again", async () => {
    const name = `web-${crypto.randomUUID().slice(0, 8)}`;
    const answer = await cluster.fetch("POST", "/api/v1/namespaces/shop/pods", {
      metadata: { name },
      spec: { containers: [{ name: "app", image: "app:1" }] },
    });
    const body = await answer.json();
    if (answer.ok) return body as V1Pod;
    // Until the API server goes by the patch it calls Kuma's own Service, which nobody serves here.
    assert.match(body.message, /failed calling webhook .*service "kuma-control-plane" not found/);
    return undefined;
  });
  const ca = container(injected, "kuma-sidecar").env?.find(({ name }) =>
    name === "KUMA_CONTROL_PLANE_CA_CERT"
  );
  assert.equal(ca?.value, "the CA of the control plane");

  // An upgrade of Kuma applies its objects again; after that ours can go.
  assert.equal((await kubectl.run(["apply", "-f", "-"], objects)).code, 0);
  const services = (await entries(cluster)).map(([, service]) => service);
  assert.deepEqual(new Set(services), new Set(["kuma-control-plane"]));
  const removal = pipe.replace("kubectl apply -f -", "kubectl delete -f -").replace(
    /^.*rollout.*$/m,
    "",
  );
  const removed = await kubectl.shell(removal);
  assert.equal(removed.code, 0, removed.stderr);
  const uids = (all: string[]) => all.map((one) => one.replace(/ \d+$/, ""));
  assert.deepEqual(uids(await versions()), uids(before));
});

/** Name, Service and path of each entry of the mutating configuration. */
async function entries(cluster: TestCluster): Promise<string[][]> {
  const configurations = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
  const { webhooks } = await cluster.request<{ webhooks: Entry[] }>(
    "GET",
    `${configurations}/kuma-admission-mutating-webhook-configuration`,
  );
  return webhooks.map(({ name, clientConfig: { service } }) => [name, service.name, service.path]);
}

interface Entry {
  name: string;
  clientConfig: { service: { name: string; path: string } };
}
