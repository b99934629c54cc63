import assert from "node:assert/strict";
import { bytesOf } from "core/conflist/byte_text.ts";
import { chooseConfig } from "core/conflist/choose.ts";
import { corpus } from "tests/installer/conflists.ts";
import { hintFor } from "./hints.ts";
import { type NetDirFacts, recognise } from "./recognise.ts";
import { recogniseRuntime } from "./runtime.ts";

function facts(name: string, more: Partial<NetDirFacts> = {}): NetDirFacts {
  const found = corpus().find((file) => file.name === name);
  assert.ok(found, name);
  const { winner, verdicts } = chooseConfig([{ name, bytes: bytesOf(found.text) }]);
  const places = { netDir: "/etc/cni/net.d", binDir: "/opt/cni/bin", chained: true };
  return { winner, verdicts, names: [name], ...places, ...more };
}

Deno.test("networks are recognised by what they really write", () => {
  const gke = { binDir: "/home/kubernetes/bin" };
  const k3s = { netDir: "/var/lib/rancher/k3s/agent/etc/cni/net.d", binDir: "/bin" };
  const cases: [string, string, Partial<NetDirFacts>?][] = [
    ["10-calico.conflist", "Calico"],
    ["10-calico-gke.conflist", "Calico on GKE", gke],
    ["05-cilium.conflist", "Cilium"],
    ["05-cilium.conf", "Cilium"],
    ["10-flannel.conflist", "flannel"],
    ["10-flannel-k3s.conflist", "k3s with flannel", k3s],
    ["10-kindnet.conflist", "kindnet (kind)"],
    ["10-gke-ptp.conflist", "GKE (ptp)", gke],
    ["10-gke-dataplane-v2.conflist", "GKE dataplane v2", gke],
    ["10-azure.conflist", "Azure CNI"],
    ["15-azure-swift-overlay.conflist", "Azure CNI overlay"],
    ["10-aws.conflist", "AWS VPC CNI"],
    ["00-multus.conf", "OpenShift with Multus", {
      names: ["00-multus.conf", "10-ovn-kubernetes.conf"],
    }],
    ["00-multus-thin.conf", "Multus"],
    ["10-ovn-kubernetes.conf", "OVN-Kubernetes"],
    ["80-openshift-network.conf", "OpenShift SDN"],
    ["10-antrea.conflist", "Antrea"],
    ["10-weave.conflist", "Weave Net"],
    ["10-kuberouter.conflist", "kube-router"],
    ["01-kube-ovn.conflist", "Kube-OVN"],
    ["10-kubenet.conflist", "kubenet"],
    ["23-numbers.conflist", "unknown (bridge, portmap)"],
  ];
  for (const [name, network, more] of cases) {
    assert.equal(recognise(facts(name, more)).network, network, name);
  }
  assert.equal(recognise({ ...facts("10-aws.conflist"), winner: undefined }).network, "none");
});

Deno.test("what is known not to work is said", () => {
  const warnings = (given: NetDirFacts) => recognise(given).warnings.join("\n");
  assert.match(warnings(facts("05-cilium.conflist")), /cni\.exclusive=false/);
  assert.match(warnings(facts("10-gke-ptp.conflist")), /home\/kubernetes\/bin/);
  assert.match(warnings(facts("10-azure.conflist")), /AKS restores/);
  assert.match(warnings(facts("10-aws.conflist")), /ipv4/);
  assert.match(warnings(facts("00-multus-thin.conf")), /standalone/);
  assert.doesNotMatch(warnings(facts("00-multus-thin.conf", { chained: false })), /standalone/);
  assert.match(
    warnings(facts("10-calico.conflist", { names: ["100-crio.conflist.cilium_bak"] })),
    /runs exclusively/,
  );
  const broken = chooseConfig([
    { name: "00-x.conf", bytes: new TextEncoder().encode("{") },
    {
      name: "10-calico.conflist",
      bytes: bytesOf(corpus().find((f) => f.name === "10-calico.conflist")!.text),
    },
  ]);
  assert.match(warnings({ ...facts("10-calico.conflist"), ...broken }), /"00-x.conf" sorts first/);
  assert.match(warnings(facts("10-kubenet.conflist")), /0\.1\.0 is from before chains/);
});

Deno.test("runtimes are recognised by their sockets, the special ones first", () => {
  const on = (...paths: string[]) => recogniseRuntime((path) => paths.includes(path));
  assert.equal(on("run/containerd/containerd.sock"), "containerd");
  assert.equal(
    on("run/k3s/containerd/containerd.sock", "run/containerd/containerd.sock"),
    "containerd of k3s",
  );
  assert.equal(on("run/crio/crio.sock"), "CRI-O");
  assert.equal(on(), "unknown");
});

Deno.test("hints name the agent that fights", () => {
  assert.match(hintFor(["05-cilium.conflist"]), /cni\.exclusive/);
  assert.match(hintFor(["10-azure.conflist"]), /AKS/);
  assert.match(hintFor(["10-x.conflist"]), /find the agent/);
});
