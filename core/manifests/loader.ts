/**
 * The eBPF loader on each node.
 *
 * @module
 */
import { LABELS } from "core/kube/annotations.ts";
import { serviceAccount } from "./access.ts";
import { fieldVariable, TOLERATIONS } from "./cni.ts";
import { named, type Program } from "./names.ts";
import { probe } from "./pods.ts";
import { concat, type Node, text, value } from "./template/node.ts";

/** What the loader is installed with beside its values. */
export interface LoaderParts {
  readonly program: Program;
  readonly image: Node;
  readonly pullSecrets: Node;
}

const PORT_NAME = "diagnostics";
/** Port of `/healthz`, `/readyz` and `/metrics`. */
const LOADER_PORT = 8001;

/** The objects of the loader, which has no rights in the cluster. */
export function loaderObjects(parts: LoaderParts): Node[] {
  const { program } = parts;
  return [
    serviceAccount(program, { pullSecrets: parts.pullSecrets }),
    daemonSet(parts),
  ];
}

function daemonSet(parts: LoaderParts): Node {
  const { program } = parts;
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: named(program),
    spec: {
      selector: { matchLabels: program.selector },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      template: {
        metadata: { labels: { ...program.selector, [LABELS.sidecarInjection]: "disabled" } },
        spec: {
          serviceAccountName: program.name,
          // It asks the API server nothing.
          automountServiceAccountToken: false,
          nodeSelector: value("cni.nodeSelector"),
          tolerations: concat(TOLERATIONS, value("cni.tolerations")),
          priorityClassName: "system-node-critical",
          terminationGracePeriodSeconds: 30,
          containers: [container(parts)],
          volumes: [
            hostPath("bpffs", value("experimental.ebpf.bpffsPath")),
            hostPath("cgroup", value("experimental.ebpf.cgroupPath")),
            hostPath("proc", "/proc"),
            { name: "tmp", emptyDir: {} },
          ],
        },
      },
    },
  };
}

const hostPath = (name: string, path: Node): Node => ({ name, hostPath: { path } });

function container({ image }: LoaderParts): Node {
  return {
    name: "kuma-ebpf-loader",
    image,
    imagePullPolicy: value("cni.image.imagePullPolicy"),
    args: [
      "run",
      text`--bpffs-path=${value("experimental.ebpf.bpffsPath")}`,
      text`--cgroup-path=${value("experimental.ebpf.cgroupPath")}`,
    ],
    env: [
      fieldVariable("POD_NAMESPACE", "metadata.namespace"),
      fieldVariable("POD_NAME", "metadata.name"),
      fieldVariable("NODE_NAME", "spec.nodeName"),
    ],
    ports: [{ name: PORT_NAME, containerPort: LOADER_PORT, protocol: "TCP" }],
    startupProbe: probe("/healthz", PORT_NAME, 2, 60),
    livenessProbe: probe("/healthz", PORT_NAME, 10, 3),
    readinessProbe: probe("/readyz", PORT_NAME, 2, 2),
    resources: value("ebpf.resources"),
    // Programs are attached to cgroups of the host and pinned in its BPF file system.
    securityContext: {
      privileged: true,
      readOnlyRootFilesystem: true,
      runAsUser: 0,
      runAsGroup: 0,
    },
    volumeMounts: [
      {
        name: "bpffs",
        mountPath: value("experimental.ebpf.bpffsPath"),
        mountPropagation: "Bidirectional",
      },
      { name: "cgroup", mountPath: value("experimental.ebpf.cgroupPath") },
      { name: "proc", mountPath: "/host/proc", readOnly: true },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}
