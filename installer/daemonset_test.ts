import assert from "node:assert/strict";
import { podToken } from "tests/installer/node.ts";
import { judgeDaemonSet } from "./daemonset.ts";

const POD = "/api/v1/namespaces/kube-system/pods/kuma-cni-node-abcde";
const SET = "/apis/apps/v1/namespaces/kube-system/daemonsets/kuma-cni-node";
const NODE = "/api/v1/nodes/node-1";
const pod = { metadata: { ownerReferences: [{ kind: "DaemonSet", name: "kuma-cni-node" }] } };

function judge(answers: Record<string, number | object>, daemonSet = "") {
  const settings = { daemonSet, pod: { namespace: "", name: "", node: "" } };
  return judgeDaemonSet(settings, podToken(), (path) => {
    const answer = answers[path] ?? 500;
    return Promise.resolve(
      typeof answer === "number"
        ? { status: answer, body: {} }
        : { status: 200, body: { ...answer } },
    );
  });
}

Deno.test("only a clear sign of an uninstall removes", async () => {
  const there = { [POD]: pod, [SET]: {}, [NODE]: {} };
  const elsewhere = { spec: { template: { spec: { nodeSelector: { a: "b" } } } } };
  const cases: [string, Record<string, number | object>, boolean][] = [
    ["there", there, false],
    ["gone", { ...there, [SET]: 404 }, true],
    ["being deleted", { ...there, [SET]: { metadata: { deletionTimestamp: "t" } } }, true],
    ["for other nodes now", { ...there, [SET]: elsewhere }, true],
    ["account gone", { ...there, [POD]: 401 }, true],
    ["role gone", { ...there, [SET]: 403 }, true],
    ["server in trouble", { ...there, [SET]: 503 }, false],
    ["pod force-deleted", { ...there, [POD]: 404 }, false],
    ["node not readable", { ...there, [SET]: elsewhere, [NODE]: 403 }, false],
    ["no DaemonSet's pod", { [POD]: {} }, false],
  ];
  for (const [name, answers, remove] of cases) {
    assert.equal((await judge(answers)).remove, remove, name);
  }
});

Deno.test("a named DaemonSet needs no pod", async () => {
  assert.equal((await judge({ [SET]: 404 }, "kuma-cni-node")).remove, true);
});
