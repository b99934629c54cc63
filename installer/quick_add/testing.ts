/**
 * What tests ask in the place of the program in front.
 *
 * @module
 */
import { BLOCKS } from "core/cni/quick_add.ts";

/** A question of a pod `a/a` with its length, as the program in front sends it. */
export function question(changes: Partial<Record<typeof BLOCKS[number], string>> = {}): Uint8Array {
  const plain: typeof changes = {
    ...{ CNI_CONTAINERID: "a", CNI_NETNS: "/a", CNI_IFNAME: "eth0", CNI_PATH: "/a" },
    ...{ CNI_ARGS: "K8S_POD_NAMESPACE=a;K8S_POD_NAME=a", inet6: "", resolvConf: "" },
    conf: JSON.stringify({ cniVersion: "1.0.0", name: "a", kubernetes: { kubeconfig: "/a" } }),
    ...changes,
  };
  const numbers = (...all: number[]) => [...new Uint8Array(new Uint32Array(all).buffer)];
  const blocks = BLOCKS.flatMap((name) => {
    const bytes = new TextEncoder().encode(plain[name]);
    return [...numbers(bytes.length), ...bytes];
  });
  const body = [...numbers(7, BLOCKS.length), ...blocks];
  return new Uint8Array([...numbers(body.length), ...body]);
}
