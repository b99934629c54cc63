import assert from "node:assert/strict";
import type { PodView } from "core/kube/pod.ts";
import { skipByName, skipByPod } from "./skip.ts";

const conf = {
  kubeconfig: "/k",
  excludeNamespaces: ["kube-system", "other"],
  cniNamespace: "kube-system",
  cniPodPrefix: "kuma-cni-node-",
};
const args = (namespace: string, name: string) => ({
  namespace,
  name,
  uid: "",
});

Deno.test("the installer's own pod is known by namespace and name, even where nothing is excluded", () => {
  const open = { ...conf, excludeNamespaces: [] };
  assert.match(
    skipByName(args("kube-system", "kuma-cni-node-abcde"), open) ?? "",
    /own pod/,
  );
  assert.equal(
    skipByName(args("default", "kuma-cni-node-abcde"), open),
    undefined,
  );
  assert.equal(skipByName(args("kube-system", "web"), open), undefined);
});

Deno.test("no Kubernetes pod, and excluded namespaces by exact name", () => {
  assert.match(skipByName(args("", ""), conf) ?? "", /not a Kubernetes pod/);
  assert.match(skipByName(args("ns", ""), conf) ?? "", /not a Kubernetes pod/);
  assert.match(
    skipByName(args("other", "web"), conf) ?? "",
    /other is excluded/,
  );
  assert.equal(skipByName(args("other2", "web"), conf), undefined);
});

const pod = (changes: Partial<PodView>): PodView => ({
  namespace: "ns",
  name: "web",
  uid: "u",
  annotations: { "kuma.io/sidecar-injected": "true" },
  containers: ["app", "kuma-sidecar"],
  initContainers: [],
  ...changes,
});

Deno.test("a pod of the mesh is taken, with a native sidecar too", () => {
  assert.equal(skipByPod(pod({})), undefined);
  assert.equal(
    skipByPod(
      pod({
        containers: ["app"],
        initContainers: ["kuma-validation", "kuma-sidecar"],
      }),
    ),
    undefined,
  );
});

Deno.test("each rule leaves its pod alone, kuma-init first", () => {
  assert.match(
    skipByPod(pod({ initContainers: ["kuma-init"], annotations: {} })) ?? "",
    /kuma-init/,
  );
  assert.equal(
    skipByPod(pod({ containers: ["kuma-init", "kuma-sidecar"] })),
    undefined,
  );
  assert.match(
    skipByPod(pod({ containers: ["kuma-gateway"] })) ?? "",
    /no container/,
  );
  for (const value of ["enabled", "True", "false", ""]) {
    const annotations = { "kuma.io/sidecar-injected": value };
    assert.match(skipByPod(pod({ annotations })) ?? "", /sidecar-injected/);
  }
  assert.match(skipByPod(pod({ annotations: {} })) ?? "", /sidecar-injected/);
});
