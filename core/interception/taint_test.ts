import assert from "node:assert/strict";
import type { Json } from "core/patch/json.ts";
import { decideTaints, viewNode } from "./taint.ts";

const OURS: Json = { key: "NodeReadiness", effect: "NoSchedule" };
const OTHER: Json = { key: "dedicated", value: "gpu", effect: "NoExecute" };
const READY = { node: "a", ready: true };

function decide(taints: Json[], pods: { node: string; ready: boolean }[], windows = false) {
  return decideTaints({ name: "a", taints, windows }, pods);
}

const TABLE: [string, ReturnType<typeof decide>, ReturnType<typeof decide>][] = [
  ["a new node", decide([], []), [OURS]],
  ["a node whose CNI pod is not ready", decide([OTHER], [{ ...READY, ready: false }]), [
    OTHER,
    OURS,
  ]],
  ["a ready pod of another node", decide([], [{ ...READY, node: "b" }]), [OURS]],
  ["a tainted node without a ready pod", decide([OURS], []), undefined],
  ["a ready node without the taint", decide([OTHER], [READY]), undefined],
  ["one ready pod of two", decide([OURS], [{ ...READY, ready: false }, READY]), []],
  ["a ready node with the taint", decide([OTHER, OURS, OTHER], [READY]), [OTHER, OTHER]],
  [
    "the taint twice, with another value",
    decide([OURS, { key: "NodeReadiness", value: "x", effect: "NoSchedule" }], [READY]),
    [],
  ],
  [
    "another effect is another taint",
    decide([{ key: "NodeReadiness", effect: "NoExecute" }], [READY]),
    undefined,
  ],
  ["a Windows node", decide([], [], true), undefined],
  ["a Windows node that was tainted", decide([OURS, OTHER], [], true), [OTHER]],
];

for (const [name, found, expected] of TABLE) {
  Deno.test(`taints: ${name}`, () => assert.deepEqual(found, expected));
}

Deno.test("a node's view", () => {
  const labels = { "kubernetes.io/os": "windows" };
  const view = viewNode({ metadata: { name: "a", labels }, spec: { taints: [OURS] } });
  assert.deepEqual(view, { name: "a", taints: [OURS], windows: true });
  assert.deepEqual(viewNode({ metadata: { name: "a" } })?.taints, []);
  assert.equal(viewNode({}), undefined);
});
