/**
 * The webhook's parts put together in the test's own process, in front of a real API server, with
 * settings that a test may change at any time.
 *
 * @module
 */
import { kumaDefinition } from "core/kube/definition.ts";
import { silentLogger } from "core/log/logger.ts";
import { containerPatchDefinition } from "core/patch/crd.ts";
import type { Definition, TestCluster } from "../kube/apiserver.ts";
import { createAuthority, issueServer } from "../../webhook/certificates/issue.ts";
import { KubeClient } from "core/cluster/client.ts";
import { InformedCluster } from "../../webhook/cluster/informed_cluster.ts";
import type { InjectionContext } from "core/inject/context.ts";
import { startServer } from "../../webhook/server/server.ts";
import { loadSettings } from "core/inject/settings/load.ts";
import { webhookHandlers, webhookMetrics, webhookPages } from "../../webhook/site.ts";
import { waitUntil } from "../support/processes.ts";

/** A running webhook. */
export interface TestWebhook extends AsyncDisposable {
  readonly url: string;
  readonly caPem: string;
  readonly informed: InformedCluster;
  /** What requests are answered with. */
  context: InjectionContext;
}

/** Path of the meshes. */
export const MESHES = "/apis/kuma.io/v1alpha1/meshes";
/** Path of the ContainerPatches. */
export const PATCHES = "/apis/kuma.io/v1alpha1/namespaces/kuma-system/containerpatches";

/** A definition that takes any field. Kuma's own have more; names and scope are what counts here. */
export function openDefinition(
  kind: string,
  plural: string,
  scope: "Cluster" | "Namespaced",
): Definition {
  const schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return kumaDefinition({ kind, plural, scope, schema }) as Definition;
}

/** The webhook needs to know that one exists, its uid, and some of its spec. */
export const MESH_DEFINITION = openDefinition("Mesh", "meshes", "Cluster");

/** Installs the definitions, the system namespace, and the meshes. */
export async function furnishKuma(cluster: TestCluster, meshes = ["default"]): Promise<void> {
  await cluster.applyCrd(MESH_DEFINITION);
  await cluster.applyCrd(containerPatchDefinition() as Definition);
  await cluster.createNamespace("kuma-system");
  for (const name of meshes) {
    await cluster.request("POST", MESHES, {
      apiVersion: "kuma.io/v1alpha1",
      kind: "Mesh",
      metadata: { name },
    });
  }
}

/** Credentials of the administrator, as the webhook's client takes them. */
export function adminConnection(cluster: TestCluster): KubeClient {
  return new KubeClient({
    server: cluster.url,
    caPem: cluster.caPem,
    certificate: { cert: cluster.admin.certificate, key: cluster.admin.key },
    token: undefined,
  });
}

/** The cluster as a service account's token reaches it. */
export function tokenConnection(cluster: TestCluster, token: string): KubeClient {
  return new KubeClient({
    server: cluster.url,
    caPem: cluster.caPem,
    token,
  });
}

/** Starts the webhook and waits until it has seen the cluster. */
export async function startTestWebhook(
  cluster: TestCluster,
  context: Omit<InjectionContext, "cluster">,
): Promise<TestWebhook> {
  const { settings } = loadSettings(undefined, {
    KUMA_RUNTIME_KUBERNETES_INJECTOR_TRANSPARENT_PROXY_CONFIGMAP_NAME: "any",
  });
  const connection = adminConnection(cluster);
  const informed = new InformedCluster(connection, settings, silentLogger);
  const stop = new AbortController();
  const running = informed.run(stop.signal);
  const webhook = { context: { ...context, cluster: informed } };
  const site = {
    context: () => webhook.context,
    meshes: informed,
    waitingFor: () => informed.waitingFor,
    log: silentLogger,
  };
  const authority = await createAuthority();
  const server = startServer({
    hostname: "127.0.0.1",
    port: 0,
    certificate: await issueServer(authority, ["localhost"]),
    handlers: webhookHandlers(site),
    pages: webhookPages(site),
    guard: () => Promise.resolve(undefined),
    notReady: () => informed.waitingFor[0],
    metrics: webhookMetrics(informed.informers),
    log: silentLogger,
  });
  await waitUntil("the webhook has seen the cluster", () => informed.waitingFor.length === 0);
  return Object.assign(webhook, {
    url: `https://localhost:${server.port}`,
    caPem: authority.certificate,
    informed,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all([server.shutdown({ noticeMs: 0 }), running]);
      connection[Symbol.dispose]();
    },
  });
}
