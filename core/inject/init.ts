/**
 * The init containers: kuma-init, which redirects the traffic, and kuma-validation, which only checks
 * that the CNI plugin did.
 *
 * @module
 */
import { CONTAINERS, POD_ENV } from "core/kube/annotations.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import type { Settings } from "./settings/table.ts";
import type { PodView } from "./pod.ts";
import { SIDECAR_TMP } from "./sidecar.ts";
import type { EbpfOptions } from "./ebpf.ts";
import type { Redirection } from "./redirection.ts";

/** Name of kuma-init's volume at /tmp. */
const INIT_TMP = "kuma-init-tmp";
/** Volumes of the eBPF mode. */
const EBPF_VOLUMES = { cgroup: "sys-fs-cgroup", bpffs: "bpf-fs" } as const;

/**
 * Most memory of the two, bytes. Kuma gives 50M and 80M. Where nothing of our kumactl is in the page cache, as after
 * a node's start, the pages of its program (80 MB) are the container's own; with 50M the kernel drops and
 * reads them for minutes. It never counts in a pod's sum: the sidecar beside it has 512Mi.
 */
const MEMORY = { plain: "128M", ebpf: "160M" } as const;

/** kuma-init with these arguments. It is root, which `pod` may refuse to whatever container says nothing. */
export function initContainer(
  settings: Settings,
  args: readonly string[],
  ebpf: EbpfOptions | undefined,
  pod?: PodView,
): JsonObject {
  const plain = ebpf === undefined;
  return {
    name: CONTAINERS.init,
    image: settings.initImage,
    imagePullPolicy: "IfNotPresent",
    command: ["/usr/bin/kumactl", "install", "transparent-proxy"],
    args: [...args],
    env: plain
      ? [{ name: POD_ENV.xtablesLockFile, value: "/tmp/xtables.lock" }]
      : [instanceIp(ebpf.instanceIpVariable)],
    securityContext: {
      runAsUser: 0,
      runAsGroup: 0,
      capabilities: plain ? { add: ["NET_ADMIN", "NET_RAW"], drop: ["ALL"] } : {},
      readOnlyRootFilesystem: true,
      ...(pod !== undefined && demandsNonRoot(pod) ? { runAsNonRoot: false } : {}),
      ...(plain ? {} : { privileged: true }),
    },
    resources: resources(plain ? MEMORY.plain : MEMORY.ebpf),
    volumeMounts: [{ name: INIT_TMP, mountPath: "/tmp" }, ...plain ? [] : ebpfMounts(ebpf)],
  };
}

function demandsNonRoot({ object: { spec } }: PodView): boolean {
  const context = isObject(spec) ? spec.securityContext : undefined;
  return isObject(context) && context.runAsNonRoot === true;
}

/** kuma-validation: a client and a server that meet only where traffic is redirected. */
export function validationContainer(
  settings: Settings,
  traffic: Pick<Redirection, "ipFamilyMode" | "inboundPort">,
): JsonObject {
  return {
    name: CONTAINERS.validation,
    image: settings.initImage,
    imagePullPolicy: "IfNotPresent",
    command: ["/usr/bin/kumactl", "install", "transparent-proxy-validator"],
    args: [
      "--config-file",
      "/tmp/.kumactl",
      "--ip-family-mode",
      traffic.ipFamilyMode,
      "--validation-server-port",
      String(traffic.inboundPort),
    ],
    securityContext: {
      runAsUser: settings.uid,
      runAsGroup: settings.gid,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
    },
    resources: resources(MEMORY.plain),
    volumeMounts: [{ name: SIDECAR_TMP, mountPath: "/tmp" }],
  };
}

/** The volumes that injection adds, in order. */
export function injectedVolumes(ebpf: EbpfOptions | undefined): JsonObject[] {
  const temporary = (name: string): JsonObject => ({ name, emptyDir: { sizeLimit: "10M" } });
  const host = (name: string, path: string): JsonObject => ({ name, hostPath: { path } });
  return [
    temporary(INIT_TMP),
    temporary(SIDECAR_TMP),
    ...ebpf === undefined ? [] : [
      host(EBPF_VOLUMES.cgroup, ebpf.cgroupPath),
      host(EBPF_VOLUMES.bpffs, ebpf.bpffsPath),
    ],
  ];
}

function instanceIp(name: string): JsonObject {
  return { name, valueFrom: { fieldRef: { fieldPath: "status.podIP" } } };
}

function ebpfMounts(ebpf: EbpfOptions): JsonObject[] {
  return [
    { name: EBPF_VOLUMES.cgroup, mountPath: ebpf.cgroupPath },
    {
      name: EBPF_VOLUMES.bpffs,
      mountPath: ebpf.bpffsPath,
      mountPropagation: "Bidirectional",
    },
  ];
}

function resources(memory: string): JsonObject {
  return {
    requests: { cpu: "20m", memory: "20M" },
    limits: { cpu: "100m", memory },
  };
}
