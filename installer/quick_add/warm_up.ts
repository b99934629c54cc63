import { BLOCKS, type QuickAddQuestion } from "core/cni/quick_add.ts";
import type { PodView } from "core/kube/pod.ts";
import { decide } from "./decide.ts";

/** How often: the engine compiles what is called again. */
const TIMES = 3;

const POD: PodView = {
  ...{ namespace: "a", name: "a", uid: "a", initContainers: [], containers: ["kuma-sidecar"] },
  annotations: { "kuma.io/sidecar-injected": "true", "kuma.io/builtin-dns": "enabled" },
};

/**
 * Decides about a pod that there is not, so that the first real one does not wait for modules to be loaded and compiled.
 *
 * @returns the kind of the last answer, which is `rules`
 */
export async function warmUp(): Promise<string> {
  const question: QuickAddQuestion = {
    ...Object.fromEntries(BLOCKS.map((name) => [name, "a"])) as Record<
      typeof BLOCKS[number],
      string
    >,
    generation: 1,
    CNI_ARGS: "K8S_POD_NAMESPACE=a;K8S_POD_NAME=a",
    inet6: "fd000000000000000000000000000001 02 40 00 80     eth0\n",
    conf: JSON.stringify({ cniVersion: "1.0.0", name: "a", kubernetes: { kubeconfig: "/a" } }),
  };
  let kind = "";
  for (let i = 0; i < TIMES; i++) {
    kind = (await decide(question, () => Promise.resolve(POD))).answer.kind;
  }
  return kind;
}
