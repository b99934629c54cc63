import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { ENVIRONMENTS } from "./environments.ts";
import { recogniseCluster } from "./recognise.ts";
import { CLUSTERS } from "./testing/clusters.ts";

const labelled = (labels: JsonObject): JsonObject => ({ metadata: { labels } });
const PLAIN = labelled({ "kubernetes.io/os": "linux" });
const GKE = labelled({ "cloud.google.com/gke-nodepool": "a" });

for (const { environment, nodes, daemonSets } of CLUSTERS) {
  Deno.test(`${nodes.length} nodes with ${daemonSets.join(", ")} are ${environment}`, () => {
    const named = daemonSets.map((name) => ({ metadata: { name: name.replace(/^.*\//, "") } }));
    assert.equal(recogniseCluster({ nodes, daemonSets: named }).name, environment);
  });
}

Deno.test("every environment can be recognised", () => {
  const found = new Set(CLUSTERS.map(({ environment }) => environment));
  assert.deepEqual([...found].sort(), Object.keys(ENVIRONMENTS).sort());
});

Deno.test("what cannot be told is an error with what was seen", () => {
  const daemonSets = [{ metadata: { name: "kube-proxy" } }];
  assert.throws(() => recogniseCluster({ nodes: [PLAIN], daemonSets }), {
    code: "KUMA-CP-006",
    message: /1 nodes, DaemonSets kube-proxy/,
  });
  assert.throws(() => recogniseCluster({ nodes: [GKE], daemonSets }), {
    hint: /network policy/,
  });
});
