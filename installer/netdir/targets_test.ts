import assert from "node:assert/strict";
import { targets } from "./targets.ts";

const node = { name: "node-1", labels: { "kubernetes.io/os": "linux", zone: "a", cores: "8" } };

function daemonSet(spec: object): Record<string, unknown> {
  return { spec: { template: { spec } } };
}

function withTerms(...nodeSelectorTerms: object[]): Record<string, unknown> {
  const required = { nodeSelectorTerms };
  return daemonSet({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } },
  });
}

Deno.test("node selectors and required affinity decide as the scheduler does", () => {
  const expression = (key: string, operator: string, values?: string[]) =>
    withTerms({ matchExpressions: [{ key, operator, values }] });
  const yes = [
    {},
    daemonSet({}),
    daemonSet({ nodeSelector: { zone: "a" } }),
    expression("zone", "In", ["b", "a"]),
    expression("zone", "NotIn", ["b"]),
    expression("gpu", "NotIn", ["b"]),
    expression("zone", "Exists"),
    expression("gpu", "DoesNotExist"),
    expression("cores", "Gt", ["4"]),
    expression("cores", "Lt", ["16"]),
    withTerms({ matchFields: [{ key: "metadata.name", operator: "In", values: ["node-1"] }] }),
    withTerms({ matchExpressions: [{ key: "gpu", operator: "Exists" }] }, {
      matchExpressions: [{ key: "zone", operator: "Exists" }],
    }),
  ];
  const no = [
    daemonSet({ nodeSelector: { zone: "b" } }),
    daemonSet({ nodeSelector: { gpu: "" } }),
    expression("zone", "In", ["b"]),
    expression("zone", "NotIn", ["a"]),
    expression("gpu", "Exists"),
    expression("zone", "DoesNotExist"),
    expression("cores", "Gt", ["8"]),
    expression("gpu", "Lt", ["8"]),
    withTerms({ matchFields: [{ key: "metadata.name", operator: "In", values: ["node-2"] }] }),
    withTerms({}),
  ];
  for (const one of yes) assert.equal(targets(one, node), true, JSON.stringify(one));
  for (const one of no) assert.equal(targets(one, node), false, JSON.stringify(one));
});
