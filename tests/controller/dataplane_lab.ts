/**
 * A cluster with meshed pods for tests of Dataplanes: nothing runs in it, so that tests say what kubelets would.
 *
 * @module
 */
import { parse } from "yaml";
import { dataplaneDefinition } from "core/dataplane/crd.ts";
import { meshDefinition } from "core/manifests/definitions.ts";
import type { JsonObject } from "core/patch/json.ts";
import { ApiError, type Definition, startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { controllerAccount, Program, type ProgramOptions } from "./program.ts";

const MERGE = { contentType: "application/merge-patch+json" };

/** An object of the API server, as far as these tests look at it. */
export interface Stored {
  mesh?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion: string;
    labels?: Record<string, string>;
    ownerReferences?: { kind: string; name: string; uid: string }[];
    [more: string]: unknown;
  };
  spec: JsonObject;
}

/** An Event, as far as these tests look at it. */
export interface StoredEvent {
  type: string;
  reason: string;
  message: string;
  involvedObject: { name: string };
}

/** A cluster with the definitions, the Mesh `default`, and the controller's account. */
export class DataplaneLab implements AsyncDisposable {
  private constructor(readonly cluster: TestCluster, readonly token: string) {}

  /** Without the definitions where `bare` is true: {@linkcode define} installs them. */
  static async start({ bare = false } = {}): Promise<DataplaneLab> {
    const cluster = await startApiServer();
    const token = await controllerAccount(cluster);
    await cluster.request("POST", "/api/v1/nodes", {
      metadata: { name: "node-a", labels: { "topology.kubernetes.io/zone": "eu-a" } },
    });
    const lab = new DataplaneLab(cluster, token);
    if (!bare) await lab.define();
    return lab;
  }

  /** Installs the definitions, and the Mesh `default`. */
  async define(): Promise<void> {
    await this.cluster.applyCrd(dataplaneDefinition() as Definition);
    await this.cluster.applyCrd(meshDefinition() as unknown as Definition);
    await this.mesh("default");
  }

  /** Creates a Mesh. */
  async mesh(name: string): Promise<void> {
    const object = { apiVersion: "kuma.io/v1alpha1", kind: "Mesh", metadata: { name } };
    await this.cluster.request("POST", "/apis/kuma.io/v1alpha1/meshes", object);
  }

  /** Starts the program, and waits until it leads. */
  async program(
    environment: Record<string, string> = {},
    more: Partial<ProgramOptions> = {},
  ): Promise<Program> {
    const program = await Program.start(this.cluster, { token: this.token, environment, ...more });
    await program.leads();
    return program;
  }

  /** Creates objects that are written as one or several YAML documents. */
  async create(text: string): Promise<void> {
    for (const document of text.split(/^---$/m)) {
      const object = parse(document) as Stored & { kind: string };
      const plural = `${object.kind.toLowerCase()}s`;
      const { namespace } = object.metadata;
      await this.cluster.request("POST", `/api/v1/namespaces/${namespace}/${plural}`, object);
    }
  }

  /** Creates a pod with a sidecar on `node-a`; it has no address yet. */
  async pod(namespace: string, name: string, metadata: JsonObject = {}): Promise<Stored> {
    const { labels = {}, annotations = {}, ...more } = metadata as Record<string, JsonObject>;
    return await this.cluster.createPod(namespace, {
      metadata: {
        name,
        labels: { app: name, ...labels } as Record<string, string>,
        annotations: { "kuma.io/sidecar-injected": "true", ...annotations } as Record<
          string,
          string
        >,
        ...more,
      },
      spec: {
        nodeName: "node-a",
        containers: [
          { name: "app", image: "app:1", ports: [{ name: "web", containerPort: 8080 }] },
          { name: "kuma-sidecar", image: "dp:1" },
        ],
      },
    }) as unknown as Stored;
  }

  /** Says what a kubelet would: the pod has an address, and its containers are ready or not. */
  async runs(namespace: string, name: string, podIP = "10.0.0.1", ready = true): Promise<void> {
    const states = ["app", "kuma-sidecar"].map((container) => ({
      ...{ name: container, ready, image: "x", imageID: "x", restartCount: 0 },
      state: { running: {} },
    }));
    const status = { phase: "Running", podIP, podIPs: [{ ip: podIP }], containerStatuses: states };
    await this.patch(`${this.podPath(namespace, name)}/status`, { status });
  }

  /** A merge patch. */
  async patch(path: string, body: JsonObject): Promise<void> {
    await this.cluster.request("PATCH", path, body, MERGE);
  }

  podPath(namespace: string, name: string): string {
    return `/api/v1/namespaces/${namespace}/pods/${name}`;
  }

  dataplanePath(namespace: string, name: string): string {
    return `/apis/kuma.io/v1alpha1/namespaces/${namespace}/dataplanes/${name}`;
  }

  /** A Dataplane; undefined where there is none. */
  async dataplane(namespace: string, name: string): Promise<Stored | undefined> {
    try {
      return await this.cluster.request("GET", this.dataplanePath(namespace, name));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** All Dataplanes of a namespace. */
  async dataplanes(namespace: string): Promise<Stored[]> {
    const path = `/apis/kuma.io/v1alpha1/namespaces/${namespace}/dataplanes`;
    return (await this.cluster.request<{ items: Stored[] }>("GET", path)).items;
  }

  /** The Events of a namespace. */
  async events(namespace: string): Promise<StoredEvent[]> {
    const path = `/api/v1/namespaces/${namespace}/events`;
    return (await this.cluster.request<{ items: StoredEvent[] }>("GET", path)).items;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }
}

/** The inbounds of a Dataplane. */
export function inboundsOf(dataplane: Stored | undefined): JsonObject[] {
  const networking = dataplane?.spec.networking as JsonObject | undefined;
  return (networking?.inbound ?? []) as JsonObject[];
}

/** Their services, in their order. */
export function servicesOf(dataplane: Stored | undefined): string[] {
  return inboundsOf(dataplane).map(({ tags }) => String((tags as JsonObject)["kuma.io/service"]));
}
