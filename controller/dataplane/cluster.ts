/**
 * The cluster as Dataplanes are made from it: informers that keep only what can change one, and indices, so that
 * each change is told to the pods that it concerns and to no others.
 *
 * @module
 */
import type { KubeClient } from "core/cluster/client.ts";
import { Informer } from "core/cluster/informer.ts";
import type { InformerOptions, InformerStatus } from "core/cluster/informer_options.ts";
import type { DataplaneSettings, Surroundings } from "core/dataplane/decision.ts";
import type {
  NamespaceFacts,
  OwnerFacts,
  PodFacts,
  ServiceFacts,
  SliceFacts,
  Texts,
} from "core/dataplane/facts.ts";
import { type Membership, membershipOf } from "core/dataplane/membership.ts";
import { outboundsOf } from "core/dataplane/outbounds.ts";
import { type DataplaneFacts, readDataplane } from "core/dataplane/object.ts";
import {
  ownersOf,
  readNamespace,
  readNode,
  readService,
  readSlice,
} from "core/dataplane/read_facts.ts";
import { readPod } from "core/dataplane/read_pod.ts";
import { countedSelector } from "core/dataplane/services.ts";
import type { Logger } from "core/log/logger.ts";
import { isObject } from "core/patch/json.ts";
import { MeshEndpoints } from "./mesh_endpoints.ts";

/** A pod that the mesh has nothing to do with. That it is there is known: its Dataplane is not to be touched. */
export const FOREIGN = "foreign";
/** A pod as it is kept. */
export type KnownPod = PodFacts | typeof FOREIGN;

/** Where the Dataplanes are. */
const DATAPLANES = "/apis/kuma.io/v1alpha1/dataplanes";

/** What the informers are made from. */
export interface ClusterOptions {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly settings: DataplaneSettings & {
    readonly nodeLabelsToCopy: readonly string[];
    /** False where each Dataplane lists its outbounds. */
    readonly outboundsAsVips: boolean;
  };
}

/** Nothing before it in a name of Kubernetes. */
const pair = (namespace: string, key: string, value: string) => `${namespace}\n${key}\n${value}`;

/** Every index's name, so that none is misspelt. */
export const INDEX = {
  namespace: "namespace",
  uid: "uid",
  node: "node",
  owner: "owner",
  label: "label",
  selector: "selector",
  service: "service",
} as const;

/** The informers, which have to be run, and what is asked of them. */
export class DataplaneCluster {
  readonly pods: Informer<KnownPod>;
  readonly services: Informer<ServiceFacts>;
  readonly slices: Informer<SliceFacts>;
  readonly namespaces: Informer<NamespaceFacts>;
  readonly nodes: Informer<Texts>;
  readonly replicaSets: Informer<readonly OwnerFacts[]>;
  readonly jobs: Informer<readonly OwnerFacts[]>;
  readonly meshes: Informer<Membership>;
  readonly dataplanes: Informer<DataplaneFacts>;
  /** Those of each mesh; they have to be followed. */
  readonly endpoints = new MeshEndpoints();
  readonly #settings: ClusterOptions["settings"];

  constructor({ client, log, settings }: ClusterOptions) {
    this.#settings = settings;
    const informer = <Kept>(
      name: string,
      path: string,
      keep: InformerOptions<Kept>["keep"],
      indices: NonNullable<InformerOptions<Kept>["indices"]> = {},
    ) => new Informer<Kept>({ connection: client, log, name, path, keep, indices, pageSize: 250 });
    this.pods = informer<KnownPod>(
      "pods",
      "/api/v1/pods",
      (object) => readPod(object) ?? FOREIGN,
      POD_INDICES,
    );
    this.services = informer("services", "/api/v1/services", readService, {
      [INDEX.selector]: (service) => [this.#selectorValue(service)],
    });
    this.slices = informer(
      "endpointslices",
      "/apis/discovery.k8s.io/v1/endpointslices",
      readSlice,
      { [INDEX.service]: ({ namespace, service }) => [`${namespace}/${service}`] },
    );
    this.namespaces = informer("namespaces", "/api/v1/namespaces", readNamespace);
    this.nodes = informer(
      "nodes",
      "/api/v1/nodes",
      (object) => readNode(object, settings.nodeLabelsToCopy),
    );
    type Owners = readonly OwnerFacts[];
    this.replicaSets = informer<Owners>("replicasets", "/apis/apps/v1/replicasets", ownersOf);
    this.jobs = informer<Owners>("jobs", "/apis/batch/v1/jobs", ownersOf);
    this.meshes = informer(
      "meshes",
      "/apis/kuma.io/v1alpha1/meshes",
      ({ spec }) => membershipOf(isObject(spec) ? spec : undefined),
    );
    this.dataplanes = informer("dataplanes", DATAPLANES, readDataplane);
  }

  /** All of them. */
  get informers(): readonly InformerStatus[] {
    const { pods, services, slices, namespaces, nodes, replicaSets, jobs } = this;
    const { meshes, dataplanes } = this;
    return [pods, services, slices, namespaces, nodes, replicaSets, jobs, meshes, dataplanes];
  }

  /** What is around a pod, for {@linkcode decideDataplane}. */
  surroundings(pod: PodFacts): Surroundings {
    const { namespace, uid, node } = pod;
    return {
      namespace: this.namespaces.get(namespace),
      services: this.#candidates(pod),
      backs: (service) =>
        this.slices.by(INDEX.service, `${namespace}/${service}`)
          .some((key) => this.slices.get(key)?.podUids.includes(uid) === true),
      nodeLabels: this.nodes.get(node),
      ownersOf: (kind, name) =>
        (kind === "Job" ? this.jobs : this.replicaSets).get(`${namespace}/${name}`),
      // Where no Mesh can be made there is none to look for.
      ...(this.meshes.synced && !this.meshes.unserved
        ? { membership: (mesh: string) => this.meshes.get(mesh) }
        : {}),
      ...(this.#settings.outboundsAsVips ? {} : {
        outbounds: (of) =>
          outboundsOf(
            of,
            this.endpoints.of(of.mesh),
            (namespace, name) => this.services.get(`${namespace}/${name}`),
          ),
      }),
    };
  }

  /** Services that may have the pod: those with one of its labels at the first place of their selector. */
  #candidates({ namespace, labels }: PodFacts): ServiceFacts[] {
    const values = [
      pair(namespace, "", ""),
      ...Object.entries(labels).map(([key, value]) => pair(namespace, key, value)),
    ];
    return values.flatMap((value) => this.services.by(INDEX.selector, value))
      .map((key) => this.services.get(key)).filter((one) => one !== undefined);
  }

  #selectorValue({ namespace, selector = {} }: ServiceFacts): string {
    const counted = countedSelector(selector, this.#settings.ignoredSelectorLabels);
    const first = Object.keys(counted).sort()[0];
    return first === undefined
      ? pair(namespace, "", "")
      : pair(namespace, first, counted[first] ?? "");
  }

  /** Keys of the pods that a Service has, or may have. */
  podsOf(service: ServiceFacts): readonly string[] {
    const { namespace, name, selector } = service;
    if (selector === undefined) {
      return this.slices.by(INDEX.service, `${namespace}/${name}`).flatMap((key) =>
        this.podsByUid(this.slices.get(key)?.podUids ?? [])
      );
    }
    const counted = Object.entries(
      countedSelector(selector, this.#settings.ignoredSelectorLabels),
    );
    if (counted.length === 0) return this.pods.by(INDEX.namespace, namespace);
    const [least = []] = counted.map(([key, value]) =>
      this.pods.by(INDEX.label, pair(namespace, key, value))
    ).sort((a, b) => a.length - b.length);
    return least;
  }

  /** Keys of the pods with these UIDs. */
  podsByUid(uids: readonly string[]): string[] {
    return uids.flatMap((uid) => this.pods.by(INDEX.uid, uid));
  }
}

/** Pods that are foreign have none: no change concerns them. */
const POD_INDICES: NonNullable<InformerOptions<KnownPod>["indices"]> = {
  [INDEX.namespace]: (pod) => pod === FOREIGN ? [] : [pod.namespace],
  [INDEX.uid]: (pod) => pod === FOREIGN ? [] : [pod.uid],
  [INDEX.node]: (pod) => pod === FOREIGN || pod.node === "" ? [] : [pod.node],
  [INDEX.owner]: (pod) =>
    pod === FOREIGN ? [] : pod.owners.map(({ kind, name }) => `${pod.namespace}/${kind}/${name}`),
  [INDEX.label]: (pod) =>
    pod === FOREIGN
      ? []
      : Object.entries(pod.labels).map(([key, value]) => pair(pod.namespace, key, value)),
};
