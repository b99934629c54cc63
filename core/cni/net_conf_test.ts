import assert from "node:assert/strict";
import fc from "fast-check";
import { anyCharacter } from "core/text/testing/any_character.ts";
import { KumaError } from "core/errors.ts";
import { NET_CONF_DEFAULTS, parseNetConf } from "./net_conf.ts";
import { addResult } from "./result.ts";
import { runs } from "tests/support/property.ts";

const parse = (value: unknown) => parseNetConf(JSON.stringify(value));
const base = { cniVersion: "0.3.1", name: "k8s-pod-network", type: "kuma-cni" };

Deno.test("parseNetConf reads Kuma's keys", () => {
  const conf = parse({
    ...base,
    log_level: "debug",
    prevResult: {},
    kubernetes: {
      kubeconfig: "/k",
      cni_bin_dir: "/b",
      exclude_namespaces: ["kube-system"],
    },
    unknown: 1,
  });
  assert.equal(conf.logLevel, "debug");
  assert.equal(conf.hasPrevResult, true);
  assert.equal(conf.kubernetes.kubeconfig, "/k");
  assert.deepEqual(conf.kubernetes.excludeNamespaces, ["kube-system"]);
});

Deno.test("parseNetConf reads whether pods are redirected by eBPF", () => {
  assert.equal(parse(base).ebpf, undefined);
  assert.deepEqual(parse({ ...base, ebpf: {} }).ebpf, {
    bpffsPath: "/sys/fs/bpf",
    fallback: false,
  });
  const ebpf = { bpffs_path: "/b", fallback: true };
  assert.deepEqual(parse({ ...base, ebpf }).ebpf, { bpffsPath: "/b", fallback: true });
  for (const wrong of [true, { fallback: "yes" }, { bpffs_path: "b" }, { bpffs_path: 1 }]) {
    assert.throws(() => parse({ ...base, ebpf: wrong }), { code: "KUMA-CNI-003" });
  }
});

Deno.test("parseNetConf gives defaults for what is missing", () => {
  const conf = parse({ name: "n" });
  assert.equal(conf.cniVersion, "0.1.0");
  assert.equal(conf.hasPrevResult, false);
  assert.equal(conf.logSocket, NET_CONF_DEFAULTS.logSocket);
  assert.equal(conf.kubernetes.cniNamespace, "kube-system");
  assert.equal(conf.kubernetes.cniPodPrefix, "kuma-cni-node-");
  assert.equal(conf.kubernetes.kubeconfig, "");
});

for (
  const [text, code] of [
    ["", "KUMA-CNI-002"],
    ["  \n", "KUMA-CNI-002"],
    ["{", "KUMA-CNI-002"],
    ["null", "KUMA-CNI-003"],
    ["[]", "KUMA-CNI-003"],
    ["{}", "KUMA-CNI-003"],
    ['{"name":1}', "KUMA-CNI-003"],
    ['{"name":"-x"}', "KUMA-CNI-003"],
    ['{"name":"a b"}', "KUMA-CNI-003"],
    ['{"name":"n","cniVersion":"2.0.0"}', "KUMA-CNI-004"],
    ['{"name":"n","cniVersion":1}', "KUMA-CNI-003"],
    ['{"name":"n","log_level":true}', "KUMA-CNI-003"],
    ['{"name":"n","log_socket":"relative"}', "KUMA-CNI-003"],
    ['{"name":"n","kubernetes":[]}', "KUMA-CNI-003"],
    ['{"name":"n","kubernetes":{"kubeconfig":{}}}', "KUMA-CNI-003"],
    [
      '{"name":"n","kubernetes":{"exclude_namespaces":"kube-system"}}',
      "KUMA-CNI-003",
    ],
    ['{"name":"n","kubernetes":{"exclude_namespaces":[1]}}', "KUMA-CNI-003"],
  ] as const
) {
  Deno.test(`parseNetConf refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseNetConf(text), { code });
  });
}

Deno.test("what is not JSON is not quoted", () => {
  assert.throws(
    () => parseNetConf('{"password":"hunter2"'),
    (error: Error) => !error.message.includes("hunter2"),
  );
});

Deno.test("a configuration that is cut, doubled or changed anywhere ends as one of our errors, or as a result", () => {
  const whole = JSON.stringify({
    cniVersion: "1.0.0",
    name: "pods",
    log_level: "info",
    kubernetes: { kubeconfig: "/k", exclude_namespaces: ["a"] },
    prevResult: { cniVersion: "1.0.0", ips: [{ address: "10.0.0.2/24" }], n: 1.0 },
  });
  const pieces = [
    "",
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "1e999",
    "\\u0000",
    "\\",
    " ",
    '"name":5,',
  ];
  fc.assert(
    fc.property(
      fc.nat(whole.length),
      fc.nat(30),
      fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: anyCharacter, maxLength: 8 })),
      (at, gone, piece) => {
        const text = whole.slice(0, at) + piece + whole.slice(at + gone);
        try {
          const conf = parseNetConf(text);
          JSON.parse(addResult(conf, text));
        } catch (error) {
          assert.ok(
            error instanceof KumaError && /^KUMA-CNI-00[234]$/.test(error.code),
            String(error),
          );
        }
      },
    ),
    runs(10_000),
  );
});
