/**
 * A cluster in which the whole system is installed and well, as far as a cluster without kubelets can say so: what
 * kubelets and controllers would write into statuses, the lab writes. A test then breaks one thing.
 *
 * @module
 */
import { parseAllDocuments } from "yaml";
import { ran } from "core/program/testing.ts";
import { assumedCluster } from "core/inject/explain/assumed_cluster.ts";
import { contextOf } from "core/inject/testing/cases_context.ts";
import { injectPod } from "core/inject/inject.ts";
import { viewPod } from "core/inject/pod.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import type { CertificatePair } from "core/serve/tls_generation.ts";
import { createAuthority, issueServer } from "../../webhook/certificates/issue.ts";
import { KUMACTL } from "../../kumactl/program.ts";
import { type KubeObject, startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { Kubectl } from "../kube/kubectl.ts";
import { type Finished, run, waitUntil } from "../support/processes.ts";
import { CALL_ENDPOINTS, FakeDeployment, ownAddress } from "../webhook/fake_deployment.ts";
import { startProcess } from "../webhook/fake_kubelet.ts";

const ARCH = Deno.build.arch === "x86_64" ? "amd64" : "arm64";
/** The compiled program. */
const PROGRAM = new URL(`../../dist/linux-${ARCH}/kumactl`, import.meta.url).pathname;
/** Namespace of the programs. */
export const SYSTEM = "kuma-system";
const MERGE = { contentType: "application/merge-patch+json" };
const WEBHOOKS = "/apis/admissionregistration.k8s.io/v1";
/** The MutatingWebhookConfiguration. */
export const MUTATING =
  `${WEBHOOKS}/mutatingwebhookconfigurations/kuma-admission-mutating-webhook-configuration`;

/** The lab; dispose of it. */
export class ClusterLab implements AsyncDisposable {
  readonly #kubectl: Kubectl;
  readonly cluster: TestCluster;
  /** The webhook configurations, which are installed last: until a webhook answers, they refuse our objects. */
  readonly #configurations: JsonObject[];

  private constructor(cluster: TestCluster, kubectl: Kubectl, configurations: JsonObject[]) {
    this.cluster = cluster;
    this.#kubectl = kubectl;
    this.#configurations = configurations;
  }

  /** Installs what `kumactl install control-plane --cni-enabled` prints, but for the webhook configurations. */
  static async start(...flags: string[]): Promise<ClusterLab> {
    const cluster = await startApiServer({ apiServerArgs: CALL_ENDPOINTS });
    const kubectl = await Kubectl.of(cluster);
    const words = ["install", "control-plane", "--cni-enabled", ...flags];
    const { out } = await ran(KUMACTL, words);
    const objects = parseAllDocuments(out).map((one) => one.toJS() as JsonObject);
    const isConfiguration = ({ kind }: JsonObject) => String(kind).endsWith("WebhookConfiguration");
    const lab = new ClusterLab(cluster, kubectl, objects.filter(isConfiguration));
    await lab.apply(...objects.filter((one) => !isConfiguration(one)));
    await cluster.createServiceAccount(SYSTEM, "default");
    for (const kind of ["dataplanes", "meshes"]) {
      await waitUntil(`${kind} are served`, async () => {
        const answer = await cluster.fetch("GET", `/apis/kuma.io/v1alpha1/${kind}`);
        await answer.body?.cancel();
        return answer.ok;
      });
    }
    return lab;
  }

  /**
   * Runs the real webhook behind the webhook configurations, and says of all other programs that they run. Dispose of
   * what it gives before the lab.
   */
  async runPrograms(): Promise<FakeDeployment> {
    await this.admit();
    const webhook = new FakeDeployment(this.cluster, startProcess);
    await webhook.rollOut();
    await this.rolledOut(`/apis/apps/v1/namespaces/${SYSTEM}/deployments/kuma-controller`);
    // Which other programs it has written its CA for is what the first admission shows.
    await waitUntil("the webhook answers", async () => {
      const answer = await this.cluster.fetch("POST", `${MESHES}?dryRun=All`, mesh("probe"));
      await answer.body?.cancel();
      return answer.ok;
    });
    return webhook;
  }

  /** Writes into a status what the controllers of Kubernetes would: all pods are there. */
  async rolledOut(path: string, missing = 0): Promise<void> {
    const { metadata, spec } = await this.cluster.request<Workload>("GET", path);
    const { items } = await this.cluster.request<{ items: unknown[] }>("GET", "/api/v1/nodes");
    const all = spec.replicas ?? items.length;
    const there = all - missing;
    const deployment = {
      replicas: all,
      updatedReplicas: all,
      readyReplicas: there,
      availableReplicas: there,
    };
    const daemonSet = {
      ...{ currentNumberScheduled: all, desiredNumberScheduled: all, numberMisscheduled: 0 },
      ...{ updatedNumberScheduled: all, numberReady: there, numberAvailable: there },
    };
    await this.patch(`${path}/status`, {
      status: {
        observedGeneration: metadata.generation,
        ...(spec.replicas === undefined ? daemonSet : deployment),
      },
    });
  }

  /** Applies objects with kubectl. */
  async apply(...objects: JsonObject[]): Promise<void> {
    const list = { apiVersion: "v1", kind: "List", items: objects };
    const { code, stderr } = await this.#kubectl.run(["apply", "-f", "-"], JSON.stringify(list));
    if (code !== 0) throw new Error(`kubectl apply: ${stderr}`);
  }

  /** Installs the webhook configurations; with this CA where one is given. */
  async admit(caBundle?: string): Promise<void> {
    const configurations = structuredClone(this.#configurations);
    for (const { webhooks } of configurations) {
      for (const webhook of webhooks as JsonObject[]) {
        if (isObject(webhook.clientConfig) && caBundle !== undefined) {
          webhook.clientConfig.caBundle = btoa(caBundle);
        }
      }
    }
    await this.apply(...configurations);
  }

  /** Takes the webhook configurations out again. */
  async unadmit(): Promise<void> {
    for (const { kind, metadata } of this.#configurations) {
      const plural = `${String(kind).toLowerCase()}s`;
      await this.cluster.request(
        "DELETE",
        `${WEBHOOKS}/${plural}/${(metadata as JsonObject).name}`,
      );
    }
  }

  /** A merge patch of an object, or of its status where the path ends so. */
  async patch(path: string, body: unknown): Promise<KubeObject> {
    return await this.cluster.request("PATCH", path, body, MERGE);
  }

  /** A node with a pod of the CNI that is ready. */
  async node(name: string, { cni = true, port = 8000 } = {}): Promise<void> {
    await this.cluster.request("POST", "/api/v1/nodes", {
      metadata: { name, labels: { "kubernetes.io/os": "linux", "kubernetes.io/hostname": name } },
    });
    // The API server's own admission plugin adds a taint to every new node; a kubelet's controller takes it away.
    await this.patch(`/api/v1/nodes/${name}`, { spec: { taints: null } });
    if (cni) await this.cniPod(name, port);
  }

  /** The CNI's pod of a node, as its DaemonSet would make it; its pages are at this port of this machine. */
  async cniPod(node: string, port: number): Promise<void> {
    const path = "/apis/apps/v1/namespaces/kube-system/daemonsets/kuma-cni-node";
    const { spec } = await this.cluster.request<{ spec: { template: JsonObject } }>("GET", path);
    const template = spec.template as { metadata: JsonObject; spec: JsonObject };
    const name = `kuma-cni-node-${node}`;
    const [container] = template.spec.containers as JsonObject[];
    const containers = [{ ...container, ports: [{ name: "diagnostics", containerPort: port }] }];
    await this.cluster.createPod("kube-system", {
      metadata: { ...template.metadata, name, creationTimestamp: undefined },
      spec: { ...template.spec, containers, nodeName: node },
    } as never);
    const address = ownAddress();
    await this.podStatus("kube-system", name, {
      ...{ phase: "Running", podIP: address, podIPs: [{ ip: address }], hostIP: address },
      conditions: [isReady(true)],
    });
  }

  /** Writes what a kubelet would. */
  async podStatus(namespace: string, name: string, status: JsonObject): Promise<void> {
    await this.patch(`/api/v1/namespaces/${namespace}/pods/${name}/status`, { status });
  }

  /**
   * A pod as the injector makes it, running at this address, with a kuma-validation (or kuma-init) that ended with this
   * exit code. Its namespace has no label yet: without a webhook that answers, no pod would be made there.
   */
  async meshed(
    namespace: string,
    name: string,
    { node = "node-a", ip = "10.0.0.1", exitCode = 0, cni = true, annotations = {}, labels = {} }:
      MeshedPod = {},
  ): Promise<void> {
    const pod = {
      metadata: { name, namespace, labels: { app: name, ...labels }, annotations },
      spec: {
        nodeName: node,
        containers: [{
          name: "app",
          image: "app:1",
          ports: [{ name: "http", containerPort: 8080 }],
        }],
      },
    };
    const context = {
      ...contextOf({ name, file: "", injector: { cniEnabled: cni, ...await this.#images() } }),
      cluster: assumedCluster().cluster,
    };
    const { pod: injected } = await injectPod(
      viewPod(pod as unknown as JsonObject, namespace),
      context,
    );
    await this.cluster.createPod(namespace, injected as never);
    const init = cni ? "kuma-validation" : "kuma-init";
    await this.podStatus(namespace, name, {
      phase: exitCode === 0 ? "Running" : "Pending",
      ...(ip === "" ? {} : { podIP: ip, podIPs: [{ ip }] }),
      conditions: [isReady(exitCode === 0)],
      initContainerStatuses: [{
        ...{ name: init, image: "x", imageID: "x", ready: exitCode === 0, restartCount: 0 },
        state: { terminated: { exitCode, reason: exitCode === 0 ? "Completed" : "Error" } },
      }],
    });
  }

  /** The images that the installed injector gives, as its settings. */
  async #images(): Promise<JsonObject> {
    const path = `/apis/apps/v1/namespaces/${SYSTEM}/deployments/kuma-webhook`;
    const { spec } = await this.cluster.request<Programs>("GET", path);
    const variables = spec.template.spec.containers[0]?.env ?? [];
    const value = (name: string) => variables.find((one) => one.name === name)?.value ?? "";
    return {
      sidecarContainer: {
        image: value("KUMA_RUNTIME_KUBERNETES_INJECTOR_SIDECAR_CONTAINER_IMAGE"),
      },
      initContainer: { image: value("KUMA_INJECTOR_INIT_CONTAINER_IMAGE") },
    };
  }

  /** Labels a namespace. */
  async label(namespace: string, labels: Record<string, string>): Promise<void> {
    await this.patch(`/api/v1/namespaces/${namespace}`, { metadata: { labels } });
  }

  /** A kubeconfig of a service account, which may do what these rules say; a file's path. */
  async kubeconfigOf(account: string, rules: Parameters<TestCluster["grant"]>[1]): Promise<string> {
    await this.cluster.grant(account, rules, { serviceAccount: `default/${account}` });
    const token = await this.cluster.createServiceAccountToken("default", account);
    const path = `${this.#kubectl.folder}/${account}`;
    await Deno.writeTextFile(path, this.cluster.kubeconfig(token), { mode: 0o600 });
    return path;
  }

  /** Runs the compiled program as the cluster's administrator, or with another kubeconfig. */
  async kumactl(
    words: string[],
    kubeconfig = `${this.#kubectl.folder}/kubeconfig`,
  ): Promise<Finished> {
    return await run(PROGRAM, words, {
      env: { KUBECONFIG: kubeconfig, HOME: "/nonexistent", LC_ALL: "C.UTF-8" },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kubectl[Symbol.asyncDispose]();
    await this.cluster.stop();
  }
}

/** A Deployment or DaemonSet, as far as the lab looks at it. */
interface Workload {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly replicas?: number };
}

/** A Deployment, as far as the lab asks for its variables. */
interface Programs {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly env: readonly { name: string; value: string }[];
        }[];
      };
    };
  };
}

/** Where the meshes are. */
export const MESHES = "/apis/kuma.io/v1alpha1/meshes";

/** A Mesh. */
export function mesh(name: string): JsonObject {
  return { apiVersion: "kuma.io/v1alpha1", kind: "Mesh", metadata: { name } };
}

/** How a pod of the mesh is. */
export interface MeshedPod {
  readonly node?: string;
  readonly ip?: string;
  readonly exitCode?: number;
  /** Redirected by the CNI; else by kuma-init. */
  readonly cni?: boolean;
  readonly annotations?: Record<string, string>;
  readonly labels?: Record<string, string>;
}

/** The condition Ready. */
function isReady(ready: boolean): JsonObject {
  return { type: "Ready", status: ready ? "True" : "False" };
}

/** A CA, and what it signed for the webhook's Service. */
export async function certificates(
  now = new Date(),
  days = 365,
): Promise<{ authority: CertificatePair; server: CertificatePair }> {
  const authority = await createAuthority(now);
  const names = ["kuma-webhook.kuma-system.svc", "kuma-webhook.kuma-system"];
  return { authority, server: await issueServer(authority, names, now, days) };
}
