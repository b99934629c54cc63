import assert from "node:assert/strict";
import { parsePodArgs } from "./pod_args.ts";

Deno.test("parsePodArgs reads what containerd and CRI-O send", () => {
  const text = "IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web-0;" +
    "K8S_POD_INFRA_CONTAINER_ID=abc;K8S_POD_UID=u-1";
  assert.deepEqual(parsePodArgs(text), {
    namespace: "ns",
    name: "web-0",
    uid: "u-1",
  });
});

Deno.test("parsePodArgs takes no arguments, unknown keys and a bad IP", () => {
  assert.deepEqual(parsePodArgs(""), { namespace: "", name: "", uid: "" });
  assert.deepEqual(parsePodArgs("IP=nonsense;X=y"), {
    namespace: "",
    name: "",
    uid: "",
  });
});

for (const text of ["a", ";", "a=b;", "a=b=c", "K8S_POD_NAME"]) {
  Deno.test(`parsePodArgs refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parsePodArgs(text), { code: "KUMA-CNI-001" });
  });
}

for (
  const name of [
    "../secrets",
    "a/b",
    "A",
    "a%2f",
    "-a",
    "a_b",
    "é",
    "a".repeat(254),
    "a\n",
  ]
) {
  Deno.test(`parsePodArgs refuses the name ${JSON.stringify(name.slice(0, 20))}`, () => {
    assert.throws(
      () => parsePodArgs(`K8S_POD_NAMESPACE=x;K8S_POD_NAME=${name}`),
      {
        code: "KUMA-CNI-001",
        message: /K8S_POD_NAME/,
      },
    );
  });
}
