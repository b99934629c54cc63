/**
 * Which options each field of an injected pod follows from. The options are those that injection writes
 * down; a field that no option decides is the same in every pod.
 *
 * @module
 */
import { type Annotation, ANNOTATION_TABLE } from "core/kube/annotation_table.ts";
import { ANNOTATIONS, LABELS, POD_ENV } from "core/kube/annotations.ts";
import { TRAFFIC_ANNOTATIONS } from "core/proxy/annotations.ts";
import { settingOf } from "core/proxy/options.ts";

/**
 * Names of options; none where the field is always so. `*` stands for what the pattern's group matched,
 * `=…` is the reason itself where no option was written down.
 */
type Rule = readonly [pattern: RegExp, ...options: string[]];

const A = ANNOTATIONS;

/** Annotations whose option has another name than the annotation itself. */
const WRITTEN: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    Object.values<Annotation>(ANNOTATION_TABLE).flatMap(({ name, option }) =>
      option === undefined ? [] : [[name, [option]]]
    ),
  ),
  [A.defaultContainer]: ["=the pod has only this container"],
  [A.sidecarInjected]: [],
  [A.transparentProxying]: [],
  [A.transparentProxyConfig]: ["CNI", "ConfigMap"],
};

const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  [POD_ENV.applicationProbeProxyPort]: ["application probe proxy port"],
  [POD_ENV.controlPlaneCaCert]: ["control plane CA"],
  [POD_ENV.controlPlaneUrl]: [
    "control plane address",
    "control plane service",
    "system namespace",
    "control plane port",
  ],
  [POD_ENV.dataplaneDrainTime]: ["drain time"],
  [POD_ENV.dataplaneMesh]: ["mesh"],
  [POD_ENV.envoyLogLevel]: ["Envoy log level"],
  [POD_ENV.envoyComponentLogLevel]: ["Envoy component log level"],
  [POD_ENV.dnsEnabled]: ["DNS"],
  [POD_ENV.dnsCoreDnsBinaryPath]: ["DNS"],
  [POD_ENV.dnsCoreDnsPort]: ["DNS port"],
  [POD_ENV.dnsEnvoyDnsPort]: ["DNS port"],
  [POD_ENV.dnsEnableLogging]: ["DNS logging"],
};

const FLAGS: Readonly<Record<string, readonly string[]>> = {
  ...flagsOfAnnotations(),
  "--validation-server-port": ["inbound port"],
  "--concurrency": ["concurrency"],
  "--ebpf-enabled": ["eBPF"],
  "--ebpf-bpffs-path": [A.transparentProxyingEbpfBpfFsPath],
  "--ebpf-cgroup-path": [A.transparentProxyingEbpfCgroupPath],
  "--ebpf-tc-attach-iface": [A.transparentProxyingEbpfTcAttachIface],
  "--ebpf-programs-source-path": [A.transparentProxyingEbpfProgramsSourcePath],
  "--ebpf-instance-ip": [A.transparentProxyingEbpfInstanceIpEnvVarName],
  "--config": ["ConfigMap"],
};

/** Each flag of kuma-init, and the options of all annotations that decide it. */
function flagsOfAnnotations(): Record<string, string[]> {
  const flags: Record<string, string[]> = {};
  for (const { name, option = name, sets } of TRAFFIC_ANNOTATIONS) {
    const { flag } = settingOf(sets.at(-1) ?? "");
    (flags[`--${flag}`] ??= []).push(option);
  }
  return flags;
}

const SIDECAR = String.raw`^spec\.(?:initC|c)ontainers\[kuma-sidecar\]\.`;
const INIT = String.raw`^spec\.initContainers\[kuma-(?:init|validation)\]\.`;
const sidecar = (rest: string, ...options: string[]): Rule => [RegExp(SIDECAR + rest), ...options];
const init = (rest: string, ...options: string[]): Rule => [RegExp(INIT + rest), ...options];

const FOUND_TOKEN = "=the first mount of the token in the pod's containers";

/** The first pattern that matches counts. */
const RULES: readonly Rule[] = [
  [RegExp(String.raw`^metadata\.labels\[${RegExp.escape(LABELS.mesh)}\]$`), "mesh"],
  sidecar("image$", "sidecar image"),
  sidecar(String.raw`securityContext\.runAsUser`, "sidecar user"),
  sidecar(String.raw`securityContext\.runAsGroup`, "sidecar group"),
  sidecar(String.raw`resources\.requests\[cpu\]`, "sidecar CPU request"),
  sidecar(String.raw`resources\.requests\[memory\]`, "sidecar memory request"),
  sidecar(String.raw`resources\.limits\[cpu\]`, "sidecar CPU limit"),
  sidecar(String.raw`resources\.limits\[memory\]`, "sidecar memory limit"),
  sidecar(String.raw`(?:readiness|liveness|startup)Probe\.httpGet\.port`, "Envoy admin port"),
  sidecar(String.raw`(readiness|liveness|startup)Probe\.initialDelaySeconds`, "* initial delay"),
  sidecar(String.raw`(readiness|liveness|startup)Probe\.timeoutSeconds`, "* timeout"),
  sidecar(String.raw`(readiness|liveness|startup)Probe\.periodSeconds`, "* period"),
  sidecar(String.raw`(readiness|liveness|startup)Probe\.failureThreshold`, "* failure threshold"),
  sidecar(String.raw`readinessProbe\.successThreshold`, "readiness success threshold"),
  sidecar(String.raw`startupProbe`, "placement"),
  sidecar(String.raw`lifecycle\.postStart`, "wait for the dataplane", "Envoy admin port"),
  sidecar(String.raw`(?:lifecycle\.preStop|restartPolicy)`, "placement"),
  sidecar(
    String.raw`volumeMounts\[(?!kuma-sidecar-tmp\])`,
    "service-account token volume",
    FOUND_TOKEN,
  ),
  init(String.raw`(?:name|command)$`, "CNI"),
  init("image$", "init image"),
  [/^spec\.initContainers\[kuma-validation\]\.securityContext\.runAsUser/, "sidecar user"],
  [/^spec\.initContainers\[kuma-validation\]\.securityContext\.runAsGroup/, "sidecar group"],
  init(
    String.raw`(?:securityContext\.(?:capabilities|privileged)|resources\.limits\[memory\])`,
    "eBPF",
  ),
  init(String.raw`securityContext\.runAsNonRoot`, "=the pod's runAsNonRoot would keep root out"),
  init(String.raw`env\[XTABLES_LOCKFILE\]`, "eBPF"),
  init("env", A.transparentProxyingEbpfInstanceIpEnvVarName),
  init(String.raw`volumeMounts\[sys-fs-cgroup\]`, A.transparentProxyingEbpfCgroupPath),
  init(String.raw`volumeMounts\[bpf-fs\]`, A.transparentProxyingEbpfBpfFsPath),
  [/^spec\.volumes\[sys-fs-cgroup\]/, A.transparentProxyingEbpfCgroupPath],
  [/^spec\.volumes\[bpf-fs\]/, A.transparentProxyingEbpfBpfFsPath],
  [/^spec\.volumes\[kuma-(?:init|sidecar)-tmp\]/],
  [
    /^spec\.resources\.requests\[(cpu|memory)\]/,
    "sidecar CPU request",
    "sidecar memory request",
    "=raised to what the containers request together",
  ],
  // What is left of our containers is the same in every pod.
  sidecar(""),
  init(""),
  [
    /^spec\.(?:initC|c)ontainers\[[^\]]*\]\.(?:liveness|readiness|startup)Probe\./,
    "application probe proxy port",
    "virtual probes",
    "virtual probes port",
  ],
];

/** Options that the field follows from, `undefined` for a field that no rule knows. */
export function optionsOf(path: string): readonly string[] | undefined {
  const key = /\[([^\]]*)\]$/.exec(path)?.[1] ?? "";
  if (path.startsWith("metadata.annotations[")) return WRITTEN[key] ?? [key];
  if (/\.env\[/.test(path) && RegExp(SIDECAR).test(path)) {
    return [`variable ${key}`, ...VARIABLES[key] ?? []];
  }
  if (/\.args\[/.test(path)) return FLAGS[key] ?? [];
  for (const [pattern, ...options] of RULES) {
    const match = pattern.exec(path);
    if (match !== null) return options.map((option) => option.replace("*", match[1] ?? ""));
  }
  return undefined;
}
