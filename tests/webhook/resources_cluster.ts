/**
 * A cluster with some of Kuma's kinds in front of the compiled program, and objects to create there.
 *
 * @module
 */
import { type KubeObject, startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { waitUntil } from "../support/processes.ts";
import { Program, type ProgramOptions } from "./program.ts";
import { furnishKuma, openDefinition } from "./test_webhook.ts";

/** Path of Kuma's API. */
export const KUMA = "/apis/kuma.io/v1alpha1";
/** Path of the Secrets that are looked at. */
export const SECRETS = "/api/v1/namespaces/kuma-system/secrets";
/** Path of a kind that has namespaces. */
export const of = (plural: string, namespace = "shop"): string =>
  `${KUMA}/namespaces/${namespace}/${plural}`;

/** Both, until they are disposed of. */
export interface Furnished extends AsyncDisposable {
  readonly cluster: TestCluster;
  readonly program: Program;
}

/** A cluster with some of Kuma's kinds, and the program that answers for all of them. */
export async function furnished(options: ProgramOptions = {}): Promise<Furnished> {
  const cluster = await startApiServer();
  await furnishKuma(cluster);
  for (
    const [kind, plural, scope] of [
      ["Dataplane", "dataplanes", "Namespaced"],
      ["MeshTimeout", "meshtimeouts", "Namespaced"],
      ["MeshService", "meshservices", "Namespaced"],
      ["MeshGatewayInstance", "meshgatewayinstances", "Namespaced"],
      ["TrafficPermission", "trafficpermissions", "Cluster"],
    ] as const
  ) await cluster.applyCrd(openDefinition(kind, plural, scope));
  await cluster.createNamespace("shop");
  await cluster.request("PATCH", "/api/v1/namespaces/kuma-system", {
    metadata: { labels: { "kuma.io/system-namespace": "true" } },
  }, { contentType: "application/merge-patch+json" });
  const program = await Program.ready(cluster, options);
  await program.register(cluster);
  await waitUntil("the API server calls the webhooks", async () => {
    const asked = await Promise.all([
      // Two that are refused, by a validator of each kind of failure policy, one that is changed.
      cluster.fetch("POST", `${SECRETS}?dryRun=All`, secret("try", "")),
      cluster.fetch("POST", `${of("dataplanes")}?dryRun=All`, named("Dataplane", "try")),
      cluster.fetch("POST", `${of("meshtimeouts")}?dryRun=All`, named("MeshTimeout", "try")),
    ]);
    const texts = await Promise.all(asked.map((answer) => answer.text()));
    return asked[0]?.status === 422 && asked[1]?.status === 422 &&
      (texts[2] ?? "").includes("kuma.io/env");
  });
  return {
    cluster,
    program,
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

/** An object of a kind, by name. */
export const named = (kind: string, name: string, more: KubeObject = {}): KubeObject => ({
  apiVersion: "kuma.io/v1alpha1",
  kind,
  metadata: { name },
  ...more,
});

/** A Dataplane that is right. */
export const dataplane = (name: string, more: KubeObject = {}): KubeObject =>
  named("Dataplane", name, {
    mesh: "default",
    spec: {
      networking: {
        address: "10.0.0.1",
        inbound: [{ port: 80, tags: { "kuma.io/service": "a_shop_svc_80" } }],
      },
    },
    ...more,
  });

/** A Secret, as people write it. */
export const secret = (
  name: string,
  value: string,
  type = "system.kuma.io/secret",
): KubeObject => ({
  metadata: { name },
  type,
  stringData: { value },
});

/** Status and message of a request that fails. */
export async function refused(
  cluster: TestCluster,
  method: string,
  path: string,
  body?: KubeObject,
): Promise<string> {
  const answer = await cluster.fetch(method, path, body);
  const { message } = await answer.json() as { message?: string };
  return `${answer.status} ${(message ?? "").replace(/^.*denied the request: /, "")}`;
}
