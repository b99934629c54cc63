/**
 * The cluster of `explain --offline`: made up, and it remembers what it was asked.
 *
 * @module
 */
import { LABELS } from "core/kube/annotations.ts";
import type { Cluster } from "../context.ts";

/** A cluster that nobody asked, and what was taken for granted of it so far. */
export interface AssumedCluster {
  readonly cluster: Cluster;
  readonly assumptions: () => readonly string[];
}

/** Every namespace is enabled, every mesh exists, nothing else does. */
export function assumedCluster(): AssumedCluster {
  const said = new Set<string>();
  return {
    assumptions: () => [...said],
    cluster: {
      namespace: () => ({
        labels: { [LABELS.sidecarInjection]: "enabled" },
        annotations: {},
        assumed: true,
      }),
      hasMesh(name) {
        said.add(`Mesh ${JSON.stringify(name)} exists`);
        return true;
      },
      containerPatch(name) {
        said.add(`there is no ContainerPatch ${JSON.stringify(name)}`);
        return undefined;
      },
      configMap(namespace, name) {
        said.add(`there is no ConfigMap ${JSON.stringify(`${namespace}/${name}`)}`);
        return undefined;
      },
    },
  };
}
