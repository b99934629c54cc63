/**
 * Which pods have to be looked at when something changes.
 *
 * @module
 */
import type { OwnerFacts } from "core/dataplane/facts.ts";
import { meshOf } from "core/dataplane/mesh_of.ts";
import type { ObjectEvent } from "core/cluster/object_store.ts";
import { after } from "core/time/timer.ts";
import { isDeepStrictEqual } from "node:util";
import { type DataplaneCluster, FOREIGN, INDEX } from "./cluster.ts";

/** How long changes of outbounds are collected. */
const OUTBOUNDS_MS = 1000;

/** The object before and after the change, as far as there is one. */
function sides<Kept>(event: ObjectEvent<Kept>): Kept[] {
  switch (event.type) {
    case "added":
      return [event.object];
    case "changed":
      // Most changes are of fields that were not even kept.
      return isDeepStrictEqual(event.old, event.object) ? [] : [event.old, event.object];
    case "deleted":
      return [event.old];
  }
}

/**
 * Calls `add` with the key of every pod and every Dataplane that is there, and then with those that a change
 * concerns. Returns how to end it.
 */
export function watchDataplanes(
  cluster: DataplaneCluster,
  add: (key: string) => void,
): () => void {
  const { pods, dataplanes } = cluster;
  let begun = false;
  const each = (keys: Iterable<string>) => {
    for (const key of keys) add(key);
  };
  /** What is there at the beginning concerns pods that are all looked at in any case. */
  const later =
    <Kept>(concerned: (event: ObjectEvent<Kept>, sides: readonly Kept[]) => void) =>
    (event: ObjectEvent<Kept>): void => {
      const changed = begun ? sides(event) : [];
      if (changed.length > 0) concerned(event, changed);
    };
  const owners = (kind: string) =>
    later<readonly OwnerFacts[]>(({ key }) => {
      const [namespace, name] = key.split("/");
      each(pods.by(INDEX.owner, `${namespace}/${kind}/${name}`));
    });
  const stops = [
    pods.subscribe(({ key }) => add(key)),
    dataplanes.subscribe(({ key }) => add(key)),
    cluster.services.subscribe(later((_, both) => {
      for (const service of both) each(cluster.podsOf(service));
    })),
    cluster.slices.subscribe(later((_, both) => {
      for (const { namespace, service, podUids } of both) {
        const of = cluster.services.get(`${namespace}/${service}`);
        if (of !== undefined && of.selector === undefined) each(cluster.podsByUid(podUids));
      }
    })),
    cluster.nodes.subscribe(later(({ key }) => each(pods.by(INDEX.node, key)))),
    cluster.namespaces.subscribe(later(({ key }) => each(pods.by(INDEX.namespace, key)))),
    cluster.replicaSets.subscribe(owners("ReplicaSet")),
    cluster.jobs.subscribe(owners("Job")),
    cluster.meshes.subscribe(later(({ key }) => each(podsInMesh(cluster, key)))),
  ];
  begun = true;
  return () => {
    for (const stop of stops) stop();
  };
}

/**
 * Calls `add` for all pods of a mesh some time after its outbounds have changed, so that many changes are one. Returns
 * how to end it.
 */
export function watchOutbounds(
  cluster: DataplaneCluster,
  add: (key: string) => void,
): () => void {
  const meshes = new Set<string>();
  const timer = after(OUTBOUNDS_MS, () => {
    for (const mesh of meshes) for (const key of podsInMesh(cluster, mesh)) add(key);
    meshes.clear();
  });
  const changed = (mesh: string) => {
    if (meshes.size === 0) timer.again(OUTBOUNDS_MS);
    meshes.add(mesh);
  };
  const stops = [
    cluster.endpoints.follow(cluster.dataplanes, changed),
    cluster.services.subscribe((event) => {
      if (sides(event).length === 0) return;
      for (const mesh of cluster.endpoints.meshes()) changed(mesh);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    timer[Symbol.dispose]();
  };
}

function* podsInMesh({ pods, namespaces }: DataplaneCluster, mesh: string): Generator<string> {
  for (const pod of pods.values()) {
    if (pod === FOREIGN) continue;
    const namespace = namespaces.get(pod.namespace);
    if (namespace !== undefined && meshOf(pod, namespace).mesh === mesh) {
      yield `${pod.namespace}/${pod.name}`;
    }
  }
}
