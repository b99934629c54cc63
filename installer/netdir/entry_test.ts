import assert from "node:assert/strict";
import { makeEntry, withLevel } from "./entry.ts";
import { placesOf } from "../program/places.ts";
import { readSettings } from "../settings/settings.ts";

function entryOf(config: string, identity = {}) {
  const settings = readSettings({ CNI_NETWORK_CONFIG: config, CNI_NET_DIR: "/etc/cni/net.d" });
  return makeEntry(settings, placesOf(settings), () => "the-token", identity);
}

Deno.test("placeholders are filled in once, as in Kuma", () => {
  const { text } = entryOf(
    `{"type":"kuma-cni","a":"__KUBECONFIG_FILEPATH__","b":"__KUBECONFIG_FILEPATH__","c":"__SERVICEACCOUNT_TOKEN__"}`,
  );
  assert.deepEqual(JSON.parse(text), {
    type: "kuma-cni",
    a: "/etc/cni/net.d/ZZZ-kuma-cni-kubeconfig",
    b: "__KUBECONFIG_FILEPATH__",
    c: "the-token",
  });
});

Deno.test("what an older template lacks is added, what it says stays", () => {
  const identity = { namespace: "kuma-cni", name: "kong-mesh-cni-node-x7k2p" };
  const { plugin, binDir } = entryOf(
    `{"type":"kuma-cni","kubernetes":{"cni_bin_dir":"/home/kubernetes/bin","cni_namespace":"mine"}}`,
    identity,
  );
  assert.equal(plugin["log_socket"], "/etc/cni/net.d/.kuma-cni/log.sock");
  assert.deepEqual(plugin["kubernetes"], {
    cni_namespace: "mine",
    cni_pod_prefix: "kong-mesh-cni-node-",
    cni_bin_dir: "/home/kubernetes/bin",
  });
  assert.equal(binDir, "/home/kubernetes/bin");
  assert.equal(entryOf(`{"type":"kuma-cni","log_socket":"/x"}`).plugin["log_socket"], "/x");
});

Deno.test("without a template there is a built-in one", () => {
  const { plugin } = entryOf("");
  assert.deepEqual(plugin["kubernetes"], {
    kubeconfig: "/etc/cni/net.d/ZZZ-kuma-cni-kubeconfig",
    exclude_namespaces: ["kube-system"],
  });
});

Deno.test("a backend that was chosen is handed on, unless the template names one", () => {
  const backendOf = (CNI_FIREWALL_BACKEND: string, config = "") => {
    const settings = readSettings({ CNI_NETWORK_CONFIG: config, CNI_FIREWALL_BACKEND });
    return makeEntry(settings, placesOf(settings), () => "").plugin["firewall_backend"];
  };
  assert.equal(backendOf("auto"), undefined);
  assert.equal(backendOf("nftables"), "nftables");
  assert.equal(
    backendOf("nftables", `{"type":"kuma-cni","firewall_backend":"iptables"}`),
    "iptables",
  );
});

Deno.test("eBPF that was asked for is handed on, unless the template says how", () => {
  const ebpfOf = (CNI_EBPF_BPFFS_PATH: string, config = "") => {
    const settings = readSettings({ CNI_NETWORK_CONFIG: config, CNI_EBPF_BPFFS_PATH });
    return makeEntry(settings, placesOf(settings), () => "").plugin["ebpf"];
  };
  assert.equal(ebpfOf(""), undefined);
  assert.deepEqual(ebpfOf("/sys/fs/bpf"), { bpffs_path: "/sys/fs/bpf" });
  assert.deepEqual(ebpfOf("/sys/fs/bpf", `{"type":"kuma-cni","ebpf":{"fallback":true}}`), {
    fallback: true,
  });
});

Deno.test("the plugin knows three levels", () => {
  const entry = entryOf("");
  const levels = (["debug", "info", "warn", "error", "off"] as const).map((level) =>
    withLevel(entry, level).plugin["log_level"]
  );
  assert.deepEqual(levels, ["debug", "info", "info", "info", "off"]);
});

Deno.test("what is no entry of ours is refused", () => {
  for (const config of ["{", "[]", "null", `{"type":"calico"}`, "{}"]) {
    assert.throws(() => entryOf(config), { code: "KUMA-INS-011" }, config);
  }
});
