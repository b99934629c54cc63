/**
 * What checks of a cluster look at: each thing is looked at when it is first asked for, and once a look.
 *
 * @module
 */
import { once } from "core/check/once.ts";
import { type Outcome, unknown } from "core/check/outcome.ts";
import type { KubeClient } from "core/cluster/client.ts";
import { ClusterReader, type Found, type Unreadable, valueOf } from "core/cluster/reader.ts";
import { readEndpoints } from "./endpoints.ts";
import { type DeployedSettings, deployedSettings } from "core/inject/explain/deployed_settings.ts";
import type { Exempt } from "core/interception/skip.ts";
import { CONFIGURATIONS } from "core/manifests/webhook/configurations.ts";
import type { JsonObject } from "core/patch/json.ts";
import { exemptPods } from "../../pod/installer_pods.ts";
import { type PodSettings, settingsFrom } from "../../pod/settings.ts";
import { type NamespaceFacts, readNamespaceFacts } from "./namespaces.ts";
import { type ClusterNode, readNodeFacts } from "./node_facts.ts";
import { type Program, readProgram } from "./program_facts.ts";
import { type ScannedPods, scanPods } from "./scan.ts";
import { type CalledService, calledService } from "./webhook_facts.ts";

const WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
const KUMA = "/apis/kuma.io/v1alpha1";
/** Where the programs are, where the configuration does not say it. */
const SYSTEM = "kuma-system";

/** One look. */
export interface ClusterSubject {
  readonly client: KubeClient;
  readonly reader: ClusterReader;
  /** The MutatingWebhookConfiguration. */
  readonly configuration: () => Promise<Found<JsonObject>>;
  /** The Service that it calls about pods. */
  readonly service: () => Promise<CalledService | undefined>;
  readonly endpoints: () => Promise<Found<boolean[]>>;
  readonly deployed: () => Promise<DeployedSettings>;
  readonly settings: () => Promise<PodSettings>;
  /** Namespace of injector and controller. */
  readonly system: () => Promise<string>;
  /** Those of the system namespace. */
  readonly deployments: () => Promise<Found<Program[]>>;
  /** Those of the CNI and of the eBPF loader, in whatever namespace. */
  readonly daemonSets: () => Promise<Found<Program[]>>;
  readonly nodes: () => Promise<Found<ClusterNode[]>>;
  readonly namespaces: () => Promise<Found<ReadonlyMap<string, NamespaceFacts>>>;
  /** Names of the meshes. */
  readonly meshes: () => Promise<Found<string[]>>;
  readonly pods: () => Promise<Found<ScannedPods>>;
  /** Which pods the plugin leaves alone by name; undefined where it is not known. */
  readonly exempt: () => Promise<Exempt | undefined>;
}

/** A look at a cluster. */
export function clusterSubject(client: KubeClient): ClusterSubject {
  const reader = new ClusterReader(client);
  const configuration = once(() => reader.get(`${WEBHOOKS}/${CONFIGURATIONS.mutating}`));
  const service = once(async () => calledService(valueOf(await configuration())));
  const system = once(async () => (await service())?.namespace ?? SYSTEM);
  const deployed = once(() => deployedSettings(client));
  const settings = once(async () => settingsFrom(await deployed()));
  const namespaces = once(async (): Promise<Found<ReadonlyMap<string, NamespaceFacts>>> => {
    const found = await reader.list("/api/v1/namespaces", readNamespaceFacts);
    return found.is === "found" ? { is: "found", value: new Map(found.value) } : found;
  });
  const pods = once(async () => {
    const { injector } = (await settings()).parts;
    return await scanPods(reader, {
      injector,
      namespaces: valueOf(await namespaces()),
      configuration: valueOf(await configuration()),
    });
  });
  return {
    client,
    reader,
    configuration,
    service,
    endpoints: once(async () => await readEndpoints(reader, await service())),
    deployed,
    settings,
    system,
    deployments: once(async () => {
      const path = `/apis/apps/v1/namespaces/${encodeURIComponent(await system())}/deployments`;
      return await reader.list(path, (object) => readProgram(object, "Deployment"));
    }),
    daemonSets: once(() =>
      reader.list("/apis/apps/v1/daemonsets", (object) => readProgram(object, "DaemonSet"))
    ),
    nodes: once(() => reader.list("/api/v1/nodes", readNodeFacts)),
    namespaces,
    meshes: once(() =>
      reader.list(`${KUMA}/meshes`, ({ metadata }) => String((metadata as JsonObject).name))
    ),
    pods,
    exempt: once(async () => {
      const found = await pods();
      return found.is === "found" ? await exemptPods(reader, found.value.installers) : undefined;
    }),
  };
}

/** What a check says that hangs on something that could not be looked at. */
export function unread({ why, forbidden }: Unreadable): Outcome {
  return unknown(why, { lasting: forbidden });
}
