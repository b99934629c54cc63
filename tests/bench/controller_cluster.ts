/**
 * A cluster of a size for the controller's bench: nodes, Services, and meshed pods that seem to run.
 *
 * @module
 */
import { dataplaneDefinition } from "core/dataplane/crd.ts";
import { meshDefinition } from "core/manifests/definitions.ts";
import type { Definition, TestCluster } from "../kube/apiserver.ts";
import { inParallel } from "../support/parallel.ts";

/** How much there is. */
export interface Size {
  readonly nodes: number;
  readonly services: number;
  readonly pods: number;
  /** Pods of one Service, in a namespace of their own; they are among the `pods`. */
  readonly crowd: number;
}

/** Namespace of the one Service with many pods, and its name. */
export const CROWD = { namespace: "crowd", service: "crowd" };
const NAMESPACES = 20;
const AT_ONCE = 16;
const STATUS = { contentType: "application/merge-patch+json" };

/** The namespace and name of each pod. */
export function podNames({ pods, crowd }: Size): { namespace: string; name: string }[] {
  return Array.from({ length: pods }, (_, n) => ({
    namespace: n < crowd ? CROWD.namespace : `bench-${n % NAMESPACES}`,
    name: `app-${n}`,
  }));
}

/** Makes it all. */
export async function furnish(cluster: TestCluster, size: Size): Promise<void> {
  await cluster.applyCrd(dataplaneDefinition() as Definition);
  await cluster.applyCrd(meshDefinition() as unknown as Definition);
  await cluster.request("POST", "/apis/kuma.io/v1alpha1/meshes", {
    apiVersion: "kuma.io/v1alpha1",
    kind: "Mesh",
    metadata: { name: "default" },
  });
  const numbers = (length: number) => Array.from({ length }, (_, n) => n);
  for (const n of numbers(NAMESPACES)) await cluster.createNamespace(`bench-${n}`);
  await cluster.createNamespace(CROWD.namespace);
  await inParallel(numbers(size.nodes), AT_ONCE, (n) =>
    cluster.request("POST", "/api/v1/nodes", {
      metadata: {
        name: `node-${n}`,
        labels: {
          "topology.kubernetes.io/zone": `zone-${n % 3}`,
          "kubernetes.io/hostname": `n${n}`,
        },
      },
    }));
  // Each of these has the pods of its number; every pod has one or two of them.
  await inParallel(
    numbers(size.services - 1),
    AT_ONCE,
    (n) =>
      cluster.request("POST", `/api/v1/namespaces/bench-${n % NAMESPACES}/services`, {
        metadata: { name: `service-${n}` },
        spec: {
          selector: { group: `g${n}` },
          ports: [
            { name: "http", port: 80, targetPort: "http", appProtocol: "http" },
            { name: "metrics", port: 9090, targetPort: 9090 },
          ],
        },
      }),
  );
  await cluster.request("POST", `/api/v1/namespaces/${CROWD.namespace}/services`, {
    metadata: { name: CROWD.service },
    spec: { selector: { crowd: "yes" }, ports: [{ port: 80, targetPort: "http" }] },
  });
  await inParallel(podNames(size), AT_ONCE, async ({ namespace, name }, n) => {
    await cluster.createPod(namespace, podOf(name, n, namespace, size));
    await setReady(cluster, namespace, name, n, true);
  });
}

/** Says what a kubelet would. */
export async function setReady(
  cluster: TestCluster,
  namespace: string,
  name: string,
  n: number,
  ready: boolean,
): Promise<void> {
  const podIP = `10.${n >> 16 & 255}.${n >> 8 & 255}.${n & 255}`;
  const containerStatuses = ["app", "kuma-sidecar"].map((container) => ({
    ...{ name: container, ready, image: "x", imageID: "x", restartCount: 0 },
  }));
  const status = { phase: "Running", podIP, podIPs: [{ ip: podIP }], containerStatuses };
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
  await cluster.request("PATCH", path, { status }, STATUS);
}

function podOf(name: string, n: number, namespace: string, size: Size) {
  return {
    metadata: {
      name,
      labels: {
        app: name,
        "kuma.io/mesh": "default",
        "pod-template-hash": `h${n % 97}`,
        ...(namespace === CROWD.namespace
          ? { crowd: "yes" }
          // The Services of a pod are in its namespace: numbers that are alike modulo the namespaces.
          : { group: `g${n % (size.services - size.services % NAMESPACES)}` }),
      },
      annotations: {
        "kuma.io/sidecar-injected": "true",
        "kuma.io/transparent-proxying": "enabled",
        "kuma.io/transparent-proxying-inbound-port": "15006",
        "kuma.io/transparent-proxying-outbound-port": "15001",
        "kuma.io/transparent-proxying-ip-family-mode": "dualstack",
        "kuma.io/envoy-admin-port": "9901",
        "kuma.io/virtual-probes": "enabled",
        "kuma.io/virtual-probes-port": "9000",
        "kuma.io/application-probe-proxy-port": "9001",
        "traffic.kuma.io/transparent-proxy-config": "x".repeat(1000),
      },
    },
    spec: {
      nodeName: `node-${n % size.nodes}`,
      containers: [
        {
          name: "app",
          image: "registry.example.com/app:1",
          ports: [{ name: "http", containerPort: 8080 }, { containerPort: 9090 }],
          readinessProbe: { httpGet: { port: 9001, path: "/8080/healthz" } },
          env: Array.from({ length: 10 }, (_, at) => ({ name: `N${at}`, value: "v".repeat(40) })),
        },
        { name: "kuma-sidecar", image: "registry.example.com/dp:1" },
      ],
    },
  };
}
