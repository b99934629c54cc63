import assert from "node:assert/strict";
import { loadSettings } from "./settings/load.ts";
import { ebpfOptions } from "./ebpf.ts";
import { Inputs } from "./inputs.ts";

const PREFIX = "kuma.io/transparent-proxying-ebpf";
const asking = {
  [PREFIX]: "enabled",
  [`${PREFIX}-bpf-fs-path`]: "/",
  [`${PREFIX}-cgroup-path`]: "/etc",
  [`${PREFIX}-programs-source-path`]: "/proc/1/root",
  [`${PREFIX}-tc-attach-iface`]: "eth1",
};

function inputsOf(annotations: Record<string, string>, environment: Record<string, string> = {}) {
  const { settings, origins } = loadSettings(undefined, environment);
  return new Inputs(annotations, settings, origins);
}

const ON = { KUMA_RUNTIME_KUBERNETES_INJECTOR_EBPF_ENABLED: "true" };

Deno.test("of a pod's annotations nothing widens what kuma-init may do", () => {
  const off = inputsOf(asking);
  assert.equal(ebpfOptions(off), undefined);
  const ignored = ["-bpf-fs-path", "-cgroup-path", "-programs-source-path"].map((name) =>
    `annotation ${PREFIX}${name} is ignored: only the operator's settings decide`
  );
  const all = [...ignored, `annotation ${PREFIX} is ignored: only the operator's settings decide`];
  assert.deepEqual(off.warnings, all);
  // An admission answer cuts a warning there.
  for (const warning of all) assert.ok(warning.length <= 120, warning);

  const on = inputsOf(asking, ON);
  assert.deepEqual(ebpfOptions(on), {
    bpffsPath: "/sys/fs/bpf",
    cgroupPath: "/sys/fs/cgroup",
    programsSourcePath: "/tmp/kuma-ebpf",
    tcAttachIface: "eth1",
    instanceIpVariable: "INSTANCE_IP",
    instanceIpAnnotated: false,
  });
  assert.deepEqual(on.warnings, ignored);
});

Deno.test("a document beside the pod switches eBPF off, and on only where the operator has it on", () => {
  const document = (enabled: boolean, ofOperator: boolean) => ({
    enabled,
    ofOperator,
    source: "ConfigMap a/b",
  });
  const isOn = (enabled: boolean, ofOperator: boolean, environment = {}) =>
    ebpfOptions(inputsOf({}, environment), document(enabled, ofOperator)) !== undefined;
  assert.equal(isOn(true, false), false);
  assert.equal(isOn(true, true), true);
  assert.equal(isOn(true, false, ON), true);
  assert.equal(isOn(false, false, ON), false);
});
