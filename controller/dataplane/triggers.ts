/**
 * Which pods have to be looked at when something changes.
 *
 * @module
 */
import { meshOf } from "core/dataplane/mesh_of.ts";
import type { ObjectEvent } from "core/cluster/object_store.ts";
import { isDeepStrictEqual } from "node:util";
import { type DataplaneCluster, FOREIGN, INDEX } from "./cluster.ts";

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
    // What is there at the beginning concerns pods that are all looked at in any case.
    if (begun) { for (const key of keys) add(key); }
  };
  const owners = (kind: string) => (event: ObjectEvent<unknown>): void => {
    if (sides(event).length === 0) return;
    const [namespace, name] = event.key.split("/");
    each(pods.by(INDEX.owner, `${namespace}/${kind}/${name}`));
  };
  const stops = [
    pods.subscribe(({ key }) => add(key)),
    dataplanes.subscribe(({ key }) => add(key)),
    cluster.services.subscribe((event) => {
      for (const service of sides(event)) each(cluster.podsOf(service));
    }),
    cluster.slices.subscribe((event) => {
      for (const { namespace, service, podUids } of sides(event)) {
        const of = cluster.services.get(`${namespace}/${service}`);
        if (of !== undefined && of.selector === undefined) each(cluster.podsByUid(podUids));
      }
    }),
    cluster.nodes.subscribe((event) => {
      if (sides(event).length > 0) each(pods.by(INDEX.node, event.key));
    }),
    cluster.namespaces.subscribe((event) => {
      if (sides(event).length > 0) each(pods.by(INDEX.namespace, event.key));
    }),
    cluster.replicaSets.subscribe(owners("ReplicaSet")),
    cluster.jobs.subscribe(owners("Job")),
    cluster.meshes.subscribe((event) => {
      if (begun && sides(event).length > 0) each(podsInMesh(cluster, event.key));
    }),
  ];
  begun = true;
  return () => {
    for (const stop of stops) stop();
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
