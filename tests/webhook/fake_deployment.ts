/**
 * The Deployment's controllers, the kubelet and the way from the Service to the pods, faked: nothing in a
 * test cluster runs pods. Everything that a person applied, and everything that the API server makes of it,
 * is real: the API server itself looks the Service up and calls the addresses that are noted for it.
 *
 * @module
 */
import type { V1Deployment, V1Pod, V1Probe } from "@kubernetes/client-node";
import type { TestCluster } from "../kube/apiserver.ts";
import { run, waitUntil } from "../support/processes.ts";
import { type PreparedPod, preparePod, type StartedPod } from "./fake_kubelet.ts";

/** For `startApiServer`: calls of a Service go to its endpoints, as no kube-proxy makes its address work. */
export const CALL_ENDPOINTS = ["--enable-aggregator-routing=true"];

/** How a prepared pod becomes a running program. */
export type Launch = (
  cluster: TestCluster,
  pod: PreparedPod,
) => StartedPod | Promise<StartedPod>;

interface RunningPod extends PreparedPod, StartedPod {
  readonly log: Promise<string>;
}

/** The pods of the Deployment `kuma-webhook`. Disposing of it kills what still runs. */
export class FakeDeployment implements AsyncDisposable {
  readonly #cluster: TestCluster;
  readonly #launch: Launch;
  readonly #base: string;
  readonly #pods: RunningPod[] = [];

  constructor(cluster: TestCluster, launch: Launch, namespace = "kuma-system") {
    this.#cluster = cluster;
    this.#launch = launch;
    this.#base = `/namespaces/${namespace}`;
  }

  /** Waits for the Deployment, runs its pods, and says so in its status once they are ready. */
  async rollOut(): Promise<void> {
    const path = `/apis/apps/v1${this.#base}/deployments/kuma-webhook`;
    const deployment = await waitUntil("there is a Deployment", async () => {
      const answer = await this.#cluster.fetch("GET", path);
      const body = await answer.json();
      return answer.ok ? body as V1Deployment : undefined;
    }, { timeoutMs: 30_000 });
    const replicas = deployment.spec?.replicas ?? 0;
    for (let at = 0; at < replicas; at++) await this.#start(deployment, `kuma-webhook-${at}`);
    for (const pod of this.#pods) {
      await this.#untilPasses(pod, pod.pod.spec?.containers[0]?.readinessProbe);
      await this.#untilPasses(pod, pod.pod.spec?.containers[0]?.livenessProbe);
    }
    await this.#noteEndpoints();
    await this.#cluster.request("PATCH", `${path}/status`, {
      status: {
        observedGeneration: deployment.metadata?.generation,
        replicas,
        updatedReplicas: replicas,
        readyReplicas: replicas,
        availableReplicas: replicas,
      },
    }, { contentType: "application/merge-patch+json" });
  }

  /** Where they listen on this machine. */
  get ports(): number[] {
    return this.#pods.map(({ port }) => port);
  }

  /** Ends all pods as the kubelet does; their exit codes and logs. */
  end(): Promise<{ code: number; log: string }[]> {
    return this.#end(({ child }) => child.kill("SIGTERM"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end((pod) => pod.kill());
  }

  #end(how: (pod: RunningPod) => void | Promise<void>): Promise<{ code: number; log: string }[]> {
    return Promise.all(
      this.#pods.splice(0).map(async (pod) => {
        await how(pod);
        const { code } = await pod.child.status;
        const log = await pod.log;
        await Deno.remove(pod.folder, { recursive: true });
        return { code, log };
      }),
    );
  }

  async #start(deployment: V1Deployment, name: string): Promise<void> {
    const { metadata, spec } = deployment.spec?.template ?? {};
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { ...metadata, name }, spec };
    const path = `/api/v1${this.#base}/pods`;
    const stored = await this.#cluster.request<V1Pod & { metadata: { name: string } }>(
      "POST",
      path,
      pod,
    );
    const prepared = await preparePod(this.#cluster, stored);
    const started = await this.#launch(this.#cluster, prepared);
    this.#pods.push({ ...prepared, ...started, log: new Response(started.child.stderr).text() });
  }

  /** Asks as the kubelet does, which looks at no certificate. */
  async #untilPasses({ port, kill, log }: RunningPod, probe?: V1Probe): Promise<void> {
    const { path = "", scheme } = probe?.httpGet ?? {};
    if (scheme !== "HTTPS") throw new Error("The pod has no probe over HTTPS");
    try {
      await waitUntil(`${path} is good`, async () => await statusOf(port, path) === 200, {
        timeoutMs: 30_000,
        intervalMs: 100,
      });
    } catch (error) {
      await kill();
      throw new Error(`The pod is not ready; its log: ${await log}`, { cause: error });
    }
  }

  /** What the endpoint controllers note: Endpoints for older API servers, slices for newer ones. */
  async #noteEndpoints(): Promise<void> {
    const services = `/api/v1${this.#base}/services/kuma-webhook`;
    const { spec } = await this.#cluster.request<{ spec: { ports: { name: string }[] } }>(
      "GET",
      services,
    );
    const name = spec.ports[0]?.name;
    const noted = this.#pods.map(({ pod, port }) => ({
      ip: ownAddress(),
      ports: [{ name, port, protocol: "TCP" }],
      targetRef: {
        kind: "Pod",
        namespace: pod.metadata?.namespace,
        name: pod.metadata?.name,
        uid: pod.metadata?.uid,
      },
    }));
    await this.#cluster.request("POST", `/api/v1${this.#base}/endpoints`, {
      metadata: { name: "kuma-webhook" },
      subsets: noted.map(({ ip, targetRef, ports }) => ({ addresses: [{ ip, targetRef }], ports })),
    });
    for (const { ip, targetRef, ports } of noted) {
      await this.#cluster.request("POST", `/apis/discovery.k8s.io/v1${this.#base}/endpointslices`, {
        metadata: {
          name: targetRef.name,
          labels: { "kubernetes.io/service-name": "kuma-webhook" },
        },
        addressType: "IPv4",
        endpoints: [{ addresses: [ip], conditions: { ready: true }, targetRef }],
        ports,
      });
      // Through a Service the API server forwards to addresses of pods only.
      const status = { podIP: ip, podIPs: [{ ip }] };
      const pod = `/api/v1${this.#base}/pods/${targetRef.name}/status`;
      await this.#cluster.request("PATCH", pod, { status }, {
        contentType: "application/merge-patch+json",
      });
    }
  }
}

/** The API server takes no loopback address for an endpoint's. */
export function ownAddress(): string {
  const found = Deno.networkInterfaces().find(({ family, address }) =>
    family === "IPv4" && !address.startsWith("127.") && !address.startsWith("169.254.")
  );
  if (found === undefined) throw new Error("This machine has no IPv4 address but loopback");
  return found.address;
}

/**
 * Status of a page of a program on this machine; 0 while nothing answers. As the kubelet does it: by address,
 * so without a server name in the handshake, and without a look at the certificate.
 */
async function statusOf(port: number, path: string): Promise<number> {
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`;
  const target = ["-connect", `127.0.0.1:${port}`, "-noservername"];
  const { stdout } = await run("openssl", ["s_client", "-quiet", ...target], { stdin: request });
  return Number(/^HTTP\/1\.1 (\d+) /.exec(stdout)?.[1] ?? 0);
}
