/** The compiled validator, which the injected container `kuma-validation` runs, in a pod that the BPF programs redirect. */
import assert from "node:assert/strict";
import { run } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { inside } from "tests/support/traffic/namespaces.ts";
import { kumactlPath } from "tests/kernel/kumactl.ts";
import { PodLab } from "./pod_lab.ts";

const test = requires("root", "netns", "bpf-build", "cgroup2");

test("the validator passes where the pod is redirected, and fails where it is not", {
  sanitizeResources: false,
}, async () => {
  // It runs as the sidecar's user, which is root in this test.
  await using lab = await PodLab.create([], { sidecarUid: 0 });
  const validate = () => {
    const [program = "", ...prefix] = inside(lab.pod.name);
    const command = [kumactlPath(), "install", "transparent-proxy-validator"];
    return run(program, [...prefix, ...command, "--ip-family-mode", "dualstack"]);
  };
  const good = await validate();
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stdout, /validation passed.*\n.*validation passed/);
  lab.node.remove(lab.cookie, lab.netns);
  assert.notEqual((await validate()).code, 0);
});
