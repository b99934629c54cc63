/**
 * A second node, from its coming to its end.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Outage } from "./audit.ts";
import type { NodeImages } from "./images.ts";
import { podAndService, podOf, ready, rolledOut, talk } from "./life.ts";
import { netnsOf, taintsOf, untilFree } from "./look.ts";
import type { TestNode } from "./node.ts";
import { WITHOUT_CNI } from "./spec.ts";

/** A DaemonSet that leaves nodes with our label out; what installs it says nothing of affinities, so this stays. */
const HELD_BACK = {
  spec: {
    template: {
      spec: {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{
                matchExpressions: [{ key: WITHOUT_CNI, operator: "DoesNotExist" }],
              }],
            },
          },
        },
      },
    },
  },
};

/** A node joins: it takes no pod of the mesh before its CNI is ready. Then two pods live, one on each node. */
export async function joins(node: TestNode, images: NodeImages): Promise<TestNode> {
  const patch = ["patch", "daemonset", "kuma-cni-node", "-n", "kube-system", "--type=merge"];
  await node.must([...patch, "-p", JSON.stringify(HELD_BACK)]);
  await rolledOut(node, "kube-system", "daemonset/kuma-cni-node");
  await untilFree(node);
  // Webhook and controller stay where they are, so their images are not needed.
  const second = await node.join(images.of("installer", "kumactl"));
  try {
    await node.apply(podAndService("server", second) + podAndService("client", node));
    await node.until("our taint alone keeps the pod waiting", async () => {
      const { conditions = [] } = (await podOf(node, "server")).status;
      return (await taintsOf(node, second)).join() === "NodeReadiness" &&
        conditions.some(({ type, status, message = "" }) =>
          type === "PodScheduled" && status === "False" && message.includes("untolerated taint")
        );
    });
    await node.must(["label", "node", second.spec.name, `${WITHOUT_CNI}-`]);
    await untilFree(node, second);
    await rolledOut(node, "kube-system", "daemonset/kuma-cni-node");
    for (const name of ["server", "client"]) await ready(node, name);
    await talk(node, "client", "server");
    await talk(node, "server", "client");
    return second;
  } catch (error) {
    await second[Symbol.asyncDispose]();
    throw error;
  }
}

/** All our pods with how often their containers were started anew. */
async function restarts(node: TestNode): Promise<string[]> {
  const columns = "custom-columns=:metadata.name,:status.containerStatuses[*].restartCount";
  return (await node.must(["get", "pods", "-A", "-o", columns])).trim().split("\n").sort();
}

/**
 * The API server is killed and comes again. Meanwhile pods talk, through both sidecars; nothing of ours is started anew;
 * and afterwards a new pod is injected, intercepted and has a Dataplane.
 */
export async function apiServerRestarts(node: TestNode): Promise<Outage> {
  const before = await restarts(node);
  const from = (await podOf(node, "client")).status.podIP;
  const to = (await podOf(node, "server")).status.podIP;
  const netns = await netnsOf(node, from);
  const ask = async () => {
    const get = ["netns", "exec", netns, node.spec.programs.standin, "get", `http://${to}:8080/`];
    const { code, stdout } = await node.run("ip", get);
    assert.equal(code, 0, stdout);
  };
  const begun = Date.now();
  await node.server("stop", "kube-apiserver");
  assert.notEqual((await node.kubectl(["get", "--raw", "/readyz"])).code, 0);
  await ask();
  await node.server("start", "kube-apiserver");
  await node.until("the API server is ready again", async () => {
    await ask();
    return (await node.kubectl(["get", "--raw", "/readyz"])).code === 0;
  });
  const outage = { from: begun, to: Date.now() };
  await node.apply(podAndService("late", node));
  await ready(node, "late");
  await talk(node, "client", "late");
  await node.must(["delete", "-n", "shop", "pod,service", "late", "--wait"]);
  assert.deepEqual(await restarts(node), before);
  return outage;
}

/**
 * A node's power goes off and on: these pods of it come back as they were, intercepted again, and those of another node stay.
 *
 * @param which the one that is rebooted; with the cluster's first node, the API server is gone meanwhile
 */
export async function reboots(
  node: TestNode,
  which: TestNode,
  ...pods: readonly string[]
): Promise<void> {
  await which.reboot(node);
  for (const name of pods) {
    await node.until(`the containers of ${name} run anew`, async () => {
      const { containerStatuses = [] } = (await podOf(node, name)).status;
      return containerStatuses.length === 2 &&
        containerStatuses.every(({ restartCount }) => restartCount > 0);
    });
    await ready(node, name);
  }
  await rolledOut(node, "kube-system", "daemonset/kuma-cni-node");
  await untilFree(node, which);
  await talk(node, "client", "server");
  await node.until("an Event tells of the reboot", async () => {
    const what = ["get", "events", "-A", "-o", "jsonpath={.items[*].reason}"];
    return /\bRebooted\b/.test(await node.must(what));
  });
}

/** The second node ends for good, and is taken out of the cluster: nothing of it is left there. */
export async function leaves(node: TestNode, second: TestNode): Promise<void> {
  await second[Symbol.asyncDispose]();
  const { name } = second.spec;
  await node.must(["delete", "node", name]);
  await node.must([
    ...["delete", "pods", "-A", "--force", "--grace-period=0", "--wait"],
    `--field-selector=spec.nodeName=${name}`,
  ]);
}
