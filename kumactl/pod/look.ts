/**
 * Looks at a pod and at what is around it in a cluster.
 *
 * @module
 */
import type { KubeClient } from "core/cluster/client.ts";
import { ClusterReader, type Found } from "core/cluster/reader.ts";
import { KumaError } from "core/errors.ts";
import type { OwnerFacts } from "core/dataplane/facts.ts";
import { ownersOf, readService, readSlice } from "core/dataplane/read_facts.ts";
import { deployedSettings } from "core/inject/explain/deployed_settings.ts";
import { CONFIGURATIONS } from "core/manifests/webhook/configurations.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import { readEvents } from "./events.ts";
import { exemptPods, readInstaller } from "./installer_pods.ts";
import { settingsFrom } from "./settings.ts";
import type { PodSubject } from "./subject.ts";

const KUMA = "/apis/kuma.io/v1alpha1";
const WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

/** Which pod. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Looks at all of it; what may not be read is noted, but for the pod itself.
 *
 * @throws {KumaError} `KUMA-CP-012` the pod is not there, or may not be read; `-011` and `KUMA-HOST-16x` no cluster
 *   answers.
 */
export async function lookAtPod(
  client: KubeClient,
  { namespace, name }: PodName,
): Promise<PodSubject> {
  const reader = new ClusterReader(client);
  const inNamespace = `namespaces/${encodeURIComponent(namespace)}`;
  const at = encodeURIComponent(name);
  const pod = thePod(await reader.get(`/api/v1/${inNamespace}/pods/${at}`), { namespace, name });
  const { nodeName } = isObject(pod.spec) ? pod.spec : {};
  const node = typeof nodeName === "string" && nodeName !== "" ? nodeName : undefined;
  const [around, deployed] = await Promise.all([
    lookAround(reader, inNamespace, pod, node),
    deployedSettings(client),
  ]);
  const settings = settingsFrom(deployed);
  const meshes = new Map<string, Promise<Found<JsonObject>>>();
  const mesh = (one: string) => {
    const asked = meshes.get(one) ?? reader.get(`${KUMA}/meshes/${encodeURIComponent(one)}`);
    meshes.set(one, asked);
    return asked;
  };
  const { events, cniPods } = around;
  return {
    ...around,
    pod,
    ...settings.parts,
    mesh,
    dataplane: await reader.get(`${KUMA}/${inNamespace}/dataplanes/${at}`),
    exempt: cniPods?.is === "found" ? await exemptPods(reader, cniPods.value) : undefined,
    events: events.is === "found" ? events.value : [],
    // A getter: meshes are asked for later.
    get unread() {
      return [...reader.unread].map(([path, why]) => ({ path, why }));
    },
    assumed: settings.assumed,
  };
}

function thePod(found: Found<JsonObject>, { namespace, name }: PodName): JsonObject {
  if (found.is === "found") return found.value;
  const who = `${namespace}/${name}`;
  if (found.is === "absent") throw new KumaError("KUMA-CP-012", `there is no pod ${who}`);
  throw new KumaError("KUMA-CP-012", `pod ${who} cannot be read: ${found.why}`);
}

async function lookAround(
  reader: ClusterReader,
  inNamespace: string,
  pod: JsonObject,
  node: string | undefined,
) {
  const [namespace, configuration, services, slices, events, nodeObject, cniPods, owners] =
    await Promise.all([
      reader.get(`/api/v1/${inNamespace}`),
      reader.get(`${WEBHOOKS}/${CONFIGURATIONS.mutating}`),
      reader.list(`/api/v1/${inNamespace}/services`, readService),
      reader.list(`/apis/discovery.k8s.io/v1/${inNamespace}/endpointslices`, readSlice),
      readEvents(reader, `/api/v1/${inNamespace}/events`, pod),
      node === undefined ? undefined : reader.get(`/api/v1/nodes/${encodeURIComponent(node)}`),
      node === undefined ? undefined : reader.list("/api/v1/pods", readInstaller, {
        fieldSelector: `spec.nodeName=${node}`,
      }),
      readOwners(reader, inNamespace, pod),
    ]);
  return { namespace, configuration, services, slices, events, node: nodeObject, cniPods, owners };
}

const OWNERS: Readonly<Record<string, string>> = {
  ReplicaSet: "/apis/apps/v1/NS/replicasets",
  Job: "/apis/batch/v1/NS/jobs",
};

async function readOwners(
  reader: ClusterReader,
  inNamespace: string,
  pod: JsonObject,
): Promise<Map<string, Found<readonly OwnerFacts[]>>> {
  const owners = new Map<string, Found<readonly OwnerFacts[]>>();
  for (const { kind, name } of ownersOf(pod)) {
    const path = OWNERS[kind]?.replace("NS", inNamespace);
    if (path === undefined) continue;
    const found = await reader.get(`${path}/${encodeURIComponent(name)}`);
    owners.set(
      `${kind} ${name}`,
      found.is === "found" ? { is: "found", value: ownersOf(found.value) } : found,
    );
  }
  return owners;
}
