/**
 * What `kumactl check --kubernetes` and `kumactl explain pod` say of a cluster whose pods a real kubelet runs.
 *
 * @module
 */
import assert from "node:assert/strict";
import { kumactlPath } from "../kernel/kumactl.ts";
import type { Finished } from "../support/processes.ts";
import type { TestNode } from "./node.ts";
import { nodeFiles } from "./spec.ts";

/** That all is well, with the pods `server` and `client` of namespace shop in the mesh. */
export async function allIsWell(node: TestNode): Promise<void> {
  // A pod that has just started may have no Dataplane yet, and one that is replaced still an endpoint.
  const checked = await kumactl(node, ["check", "--kubernetes", "--wait", "60s"]);
  assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  assert.match(
    checked.stdout,
    /\n✓ Pods that ask for a sidecar have one: 2 of \d+ pods have one\n/,
  );
  assert.match(
    checked.stdout,
    /\n✓ Traffic of pods .*\n? *.*2 by kuma-cni\n? *\(2 have tried it\)\n/,
  );
  assert.match(checked.stdout, /\nAll is well: \d+ ok\.\n$/);
  const explained = await kumactl(node, ["explain", "pod", "shop/server"]);
  assert.equal(explained.code, 0, explained.stdout + explained.stderr);
  assert.match(explained.stdout, /\nInterception: by kuma-cni, and it works\n/);
  assert.match(explained.stdout, /\n {2}TCP in to port 8080 \(app\): redirected to port 15006\n/);
  assert.match(
    explained.stdout,
    /\nDataplane: there, as it should be\n {2}8080 server_shop_svc_80 \(http\)\n/,
  );
  assert.match(explained.stdout, /\nNo problem was found\.\n$/);
}

async function kumactl(node: TestNode, words: readonly string[]): Promise<Finished> {
  const kubeconfig = nodeFiles(node.spec.dir).kubeconfig("admin");
  return await node.run("env", [
    `KUBECONFIG=${kubeconfig}`,
    "LC_ALL=C.UTF-8",
    kumactlPath(),
    ...words,
  ]);
}
