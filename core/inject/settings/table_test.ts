/** The settings that Kuma's users know, written down once more: key, variable, default, another value. */
import assert from "node:assert/strict";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { stringify } from "yaml";
import { loadSettings } from "./load.ts";
import { type SettingName, SETTINGS } from "./table.ts";

const K = "runtime.kubernetes.injector.";
const E = "KUMA_RUNTIME_KUBERNETES_INJECTOR_";
const R = "KUMA_RUNTIME_KUBERNETES_";
const probe = (name: string) =>
  ["INITIAL_DELAY_SECONDS", "TIMEOUT_SECONDS", "PERIOD_SECONDS", "FAILURE_THRESHOLD"].map((field) =>
    `${E}SIDECAR_CONTAINER_${name}_PROBE_${field}`
  );
const [liveDelay = "", liveTimeout = "", livePeriod = "", liveFailure = ""] = probe("LIVENESS");
const [readyDelay = "", readyTimeout = "", readyPeriod = "", readyFailure = ""] = probe(
  "READINESS",
);
const [startDelay = "", startTimeout = "", startPeriod = "", startFailure = ""] = probe("STARTUP");

/** Key, variable, default, text of the variable, value that it means. */
const ROWS: readonly (readonly [string, string, unknown, string, unknown])[] = [
  [`${K}cniEnabled`, `${E}CNI_ENABLED`, false, "true", true],
  [
    `${K}exceptions.labels`,
    `${R}EXCEPTIONS_LABELS`,
    { "openshift.io/build.name": "*", "openshift.io/deployer-pod-for.name": "*" },
    "a:b,c:*",
    { a: "b", c: "*" },
  ],
  [`${K}virtualProbesEnabled`, `${R}VIRTUAL_PROBES_ENABLED`, true, "f", false],
  [`${K}virtualProbesPort`, `${R}VIRTUAL_PROBES_PORT`, 9000, "9009", 9009],
  [`${K}applicationProbeProxyPort`, `${R}APPLICATION_PROBE_PROXY_PORT`, 9001, "0", 0],
  [
    `${K}controlPlaneUrl`,
    `${E}CONTROL_PLANE_URL`,
    "",
    "https://cp.example:5678",
    "https://cp.example:5678",
  ],
  [`${K}caCertFile`, `${E}CA_CERT_FILE`, "", "/ca.crt", "/ca.crt"],
  [
    `${K}sidecarContainer.image`,
    `${E}SIDECAR_CONTAINER_IMAGE`,
    "kuma/kuma-dp:latest",
    "x:1",
    "x:1",
  ],
  [`${K}sidecarContainer.uid`, `${E}SIDECAR_CONTAINER_UID`, 5678, "1", 1],
  [`${K}sidecarContainer.gid`, `${E}SIDECAR_CONTAINER_GUI`, 5678, "2", 2],
  [
    `${K}sidecarContainer.redirectPortInbound`,
    `${E}SIDECAR_CONTAINER_REDIRECT_PORT_INBOUND`,
    15006,
    "16006",
    16006,
  ],
  [
    `${K}sidecarContainer.redirectPortOutbound`,
    `${E}SIDECAR_CONTAINER_REDIRECT_PORT_OUTBOUND`,
    15001,
    "16001",
    16001,
  ],
  [
    `${K}sidecarContainer.ipFamilyMode`,
    `${E}SIDECAR_CONTAINER_IP_FAMILY_MODE`,
    "dualstack",
    "ipv4",
    "ipv4",
  ],
  [`${K}sidecarContainer.drainTime`, `${E}SIDECAR_CONTAINER_DRAIN_TIME`, "30s", "60s", "1m0s"],
  [
    `${K}sidecarContainer.waitForDataplaneReady`,
    `${E}SIDECAR_CONTAINER_WAIT_FOR_DATAPLANE_READY`,
    false,
    "1",
    true,
  ],
  [
    `${K}sidecarContainer.envVars`,
    `${E}SIDECAR_CONTAINER_ENV_VARS`,
    {},
    "A:1,B:2",
    { A: "1", B: "2" },
  ],
  [`${K}sidecarContainer.readinessProbe.initialDelaySeconds`, readyDelay, 1, "11", 11],
  [`${K}sidecarContainer.readinessProbe.timeoutSeconds`, readyTimeout, 3, "12", 12],
  [`${K}sidecarContainer.readinessProbe.periodSeconds`, readyPeriod, 5, "13", 13],
  [
    `${K}sidecarContainer.readinessProbe.successThreshold`,
    `${E}SIDECAR_CONTAINER_READINESS_PROBE_SUCCESS_THRESHOLD`,
    1,
    "14",
    14,
  ],
  [`${K}sidecarContainer.readinessProbe.failureThreshold`, readyFailure, 12, "15", 15],
  [`${K}sidecarContainer.livenessProbe.initialDelaySeconds`, liveDelay, 60, "21", 21],
  [`${K}sidecarContainer.livenessProbe.timeoutSeconds`, liveTimeout, 3, "22", 22],
  [`${K}sidecarContainer.livenessProbe.periodSeconds`, livePeriod, 5, "23", 23],
  [`${K}sidecarContainer.livenessProbe.failureThreshold`, liveFailure, 12, "24", 24],
  [`${K}sidecarContainer.startupProbe.initialDelaySeconds`, startDelay, 1, "0", 0],
  [`${K}sidecarContainer.startupProbe.timeoutSeconds`, startTimeout, 3, "32", 32],
  [`${K}sidecarContainer.startupProbe.periodSeconds`, startPeriod, 5, "33", 33],
  [`${K}sidecarContainer.startupProbe.failureThreshold`, startFailure, 12, "34", 34],
  [
    `${K}sidecarContainer.resources.requests.cpu`,
    "KUMA_INJECTOR_SIDECAR_CONTAINER_RESOURCES_REQUESTS_CPU",
    "50m",
    "1",
    "1",
  ],
  [
    `${K}sidecarContainer.resources.requests.memory`,
    "KUMA_INJECTOR_SIDECAR_CONTAINER_RESOURCES_REQUESTS_MEMORY",
    "64Mi",
    "1G",
    "1G",
  ],
  [
    `${K}sidecarContainer.resources.limits.cpu`,
    "KUMA_INJECTOR_SIDECAR_CONTAINER_RESOURCES_LIMITS_CPU",
    "1000m",
    "2",
    "2",
  ],
  [
    `${K}sidecarContainer.resources.limits.memory`,
    "KUMA_INJECTOR_SIDECAR_CONTAINER_RESOURCES_LIMITS_MEMORY",
    "512Mi",
    "2G",
    "2G",
  ],
  [
    `${K}initContainer.image`,
    "KUMA_INJECTOR_INIT_CONTAINER_IMAGE",
    "kuma/kuma-init:latest",
    "y:1",
    "y:1",
  ],
  [`${K}containerPatches`, `${E}CONTAINER_PATCHES`, [], "patch1,patch2", ["patch1", "patch2"]],
  [
    `${K}sidecarTraffic.excludeInboundPorts`,
    `${R}SIDECAR_TRAFFIC_EXCLUDE_INBOUND_PORTS`,
    [],
    "1234",
    ["1234"],
  ],
  [
    `${K}sidecarTraffic.excludeOutboundPorts`,
    `${R}SIDECAR_TRAFFIC_EXCLUDE_OUTBOUND_PORTS`,
    [],
    "5678,8900",
    ["5678", "8900"],
  ],
  [
    `${K}sidecarTraffic.excludeInboundIPs`,
    `${R}SIDECAR_TRAFFIC_EXCLUDE_INBOUND_IPS`,
    [],
    "10.0.0.0/8",
    ["10.0.0.0/8"],
  ],
  [
    `${K}sidecarTraffic.excludeOutboundIPs`,
    `${R}SIDECAR_TRAFFIC_EXCLUDE_OUTBOUND_IPS`,
    [],
    "fd00::1",
    ["fd00::1"],
  ],
  [`${K}builtinDNS.enabled`, `${E}BUILTIN_DNS_ENABLED`, true, "0", false],
  [`${K}builtinDNS.port`, `${E}BUILTIN_DNS_PORT`, 15053, "53", 53],
  [`${K}builtinDNS.logging`, `${E}BUILTIN_DNS_LOGGING`, false, "t", true],
  [`${K}ebpf.enabled`, `${E}EBPF_ENABLED`, false, "true", true],
  [
    `${K}ebpf.instanceIPEnvVarName`,
    `${E}EBPF_INSTANCE_IP_ENV_VAR_NAME`,
    "INSTANCE_IP",
    "IP",
    "IP",
  ],
  [`${K}ebpf.bpffsPath`, `${E}EBPF_BPFFS_PATH`, "/sys/fs/bpf", "/b", "/b"],
  [`${K}ebpf.cgroupPath`, `${E}EBPF_CGROUP_PATH`, "/sys/fs/cgroup", "/c", "/c"],
  [`${K}ebpf.tcAttachIface`, `${E}EBPF_TC_ATTACH_IFACE`, "", "eth0", "eth0"],
  [`${K}ebpf.programsSourcePath`, `${E}EBPF_PROGRAMS_SOURCE_PATH`, "/tmp/kuma-ebpf", "/p", "/p"],
  [`${K}transparentProxyConfigMap`, `${E}TRANSPARENT_PROXY_CONFIGMAP_NAME`, "", "t", "t"],
  [
    "runtime.kubernetes.admissionServer.address",
    `${R}ADMISSION_SERVER_ADDRESS`,
    "",
    "::1",
    "::1",
  ],
  ["runtime.kubernetes.admissionServer.port", `${R}ADMISSION_SERVER_PORT`, 5443, "443", 443],
  ["runtime.kubernetes.admissionServer.certDir", `${R}ADMISSION_SERVER_CERT_DIR`, "", "/d", "/d"],
  [
    "runtime.kubernetes.controlPlaneServiceName",
    `${R}CONTROL_PLANE_SERVICE_NAME`,
    "kuma-control-plane",
    "cp",
    "cp",
  ],
  [
    "store.kubernetes.systemNamespace",
    "KUMA_STORE_KUBERNETES_SYSTEM_NAMESPACE",
    "kuma-system",
    "ns",
    "ns",
  ],
  ["dpServer.port", "KUMA_DP_SERVER_PORT", 5678, "6000", 6000],
  ["bootstrapServer.params.adminPort", "KUMA_BOOTSTRAP_SERVER_PARAMS_ADMIN_PORT", 9901, "1", 1],
  ["experimental.sidecarContainers", "KUMA_EXPERIMENTAL_SIDECAR_CONTAINERS", false, "T", true],
  ["mode", "KUMA_MODE", "zone", "global", "global"],
];

for (const [key, variable, initial, text, value] of ROWS) {
  Deno.test(`setting ${key}`, () => {
    const found = Object.entries(SETTINGS).find(([, setting]) => setting.key === key);
    assert.ok(found !== undefined, "there is such a setting");
    const name = found[0] as SettingName;
    assert.deepEqual(loadSettings(undefined, {}).settings[name], initial);
    assert.deepEqual(loadSettings(undefined, { [variable]: text }).settings[name], value);
    const document = stringify(
      key.split(".").reduceRight<unknown>(
        (inner, part) => ({ [part]: inner }),
        value,
      ),
    );
    // A document's map lies over the default one.
    const merged = isObject(value as Json)
      ? { ...initial as JsonObject, ...value as JsonObject }
      : value;
    assert.deepEqual(loadSettings({ name: "f", text: document }, {}).settings[name], merged);
  });
}
