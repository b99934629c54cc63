/**
 * The nodes: the DaemonSet of the CNI's installer, and what it and the plugin may do.
 *
 * @module
 */
import { LABELS } from "core/kube/annotations.ts";
import { clusterAccess, ownAccess, serviceAccount } from "./access.ts";
import { named, ownName, type Program } from "./names.ts";
import { probe } from "./pods.ts";
import {
  concat,
  either,
  equal,
  given,
  json,
  type Node,
  overlay,
  sha256,
  text,
  value,
} from "./template/node.ts";

/** What the CNI is installed with beside its values. */
export interface CniParts {
  readonly program: Program;
  readonly image: Node;
  readonly pullSecrets: Node;
  /**
   * Whether the DaemonSet may be applied over Kuma's own, whose pods have the same labels. Then its probes are Kuma's: of
   * an object that it did not make, kubectl keeps what is not said anew, and a readiness probe of two kinds is refused; and
   * Helm, at the next upgrade of Kuma, leaves what is ours, where a probe of our port would end Kuma's image.
   */
  readonly takesOver: boolean;
}

/** Name of the container's port with `/healthz`, `/readyz` and `/metrics`. */
const PORT_NAME = "diagnostics";
const INSTALLER_PORT = 8000;
const CONFIG_KEY = "cni_network_config";

/** Name of the DaemonSet; those of its pods begin with it. */
const CNI_DAEMON_SET = ownName("cni-node");
/** The ConfigMap; where a DaemonSet is taken over, neither it nor the account is one that Kuma's own goes by. */
const configMap = ({ name }: Program): Node => text`${name}-config`;

/** The plugin reads the pod that is being made; the installer asks at its end whether the node is still its own. */
export function cniClusterRules(): Node[] {
  return [
    { apiGroups: [""], resources: ["pods", "nodes"], verbs: ["get"] },
  ];
}

/** The plugin's token, and the own DaemonSet. */
export function cniNamespaceRules({ name }: Pick<Program, "name">): Node[] {
  return [
    {
      apiGroups: [""],
      resources: ["serviceaccounts/token"],
      resourceNames: [name],
      verbs: ["create"],
    },
    {
      apiGroups: ["apps"],
      resources: ["daemonsets"],
      resourceNames: [CNI_DAEMON_SET],
      verbs: ["get"],
    },
  ];
}

/** The objects of the CNI. */
export function cniObjects(parts: CniParts): Node[] {
  const { program } = parts;
  return [
    serviceAccount(program, { pullSecrets: parts.pullSecrets }),
    ...clusterAccess(program, cniClusterRules()),
    ...ownAccess(program, cniNamespaceRules(program)),
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: named(program, configMap(program)),
      data: { [CONFIG_KEY]: networkConfig(program) },
    },
    daemonSet(parts),
  ];
}

/** The plugin's entry; the installer puts its kubeconfig in the place of the word in capitals. */
function networkConfig({ namespace }: Program): Node {
  const entry = {
    cniVersion: "0.3.1",
    name: "kuma-cni",
    type: "kuma-cni",
    log_level: value("cni.logLevel"),
    kubernetes: {
      kubeconfig: "__KUBECONFIG_FILEPATH__",
      cni_bin_dir: value("cni.binDir"),
      exclude_namespaces: either(equal(namespace, "kube-system"), ["kube-system"], [
        "kube-system",
        namespace,
      ]),
      cni_namespace: namespace,
      cni_pod_prefix: text`${CNI_DAEMON_SET}-`,
    },
  };
  // The loader's DaemonSet is there by the same value.
  const ebpf = { ebpf: { bpffs_path: value("experimental.ebpf.bpffsPath") } };
  return json(overlay(entry, either(value("experimental.ebpf.enabled"), ebpf, {})));
}

function daemonSet(parts: CniParts): Node {
  const { program } = parts;
  const checksum = { "checksum/config": sha256(networkConfig(program)) };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: named(program, CNI_DAEMON_SET),
    spec: {
      selector: { matchLabels: program.selector },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      template: {
        metadata: {
          labels: { ...program.selector, [LABELS.sidecarInjection]: "disabled" },
          annotations: overlay(checksum, value("cni.podAnnotations")),
        },
        spec: {
          serviceAccountName: program.name,
          nodeSelector: value("cni.nodeSelector"),
          affinity: given(value("cni.affinity")),
          // Pods of the mesh wait for the CNI: it has to run on every node, whatever is wrong with that.
          tolerations: concat(TOLERATIONS, value("cni.tolerations")),
          priorityClassName: "system-node-critical",
          // The installer leaves within a second or two; what takes longer is its walking everything back.
          terminationGracePeriodSeconds: 30,
          securityContext: given(value("cni.podSecurityContext")),
          containers: [container(parts)],
          volumes: [
            { name: "cni-bin-dir", hostPath: { path: value("cni.binDir") } },
            { name: "cni-net-dir", hostPath: { path: value("cni.netDir") } },
            { name: "tmp", emptyDir: {} },
          ],
        },
      },
    },
  };
}

/** As in Kuma. */
export const TOLERATIONS: Node = [
  { effect: "NoSchedule", operator: "Exists" },
  { key: "CriticalAddonsOnly", operator: "Exists" },
  { effect: "NoExecute", operator: "Exists" },
];

/** The one probe of Kuma's container. The installer makes the file, and takes it away while something is wrong. */
const KUMAS_PROBES: { readonly [key: string]: Node } = {
  readinessProbe: {
    exec: { command: ["cat", "/tmp/ready"] },
    periodSeconds: 2,
    failureThreshold: 2,
  },
};

/** A variable that the kubelet fills in. */
export const fieldVariable = (name: string, fieldPath: string): Node => ({
  name,
  valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } },
});

function container({ image, program, takesOver }: CniParts): Node {
  return {
    name: "install-cni",
    image,
    imagePullPolicy: value("cni.image.imagePullPolicy"),
    env: [
      { name: "CNI_CONF_NAME", value: value("cni.confName") },
      {
        name: "CNI_NETWORK_CONFIG",
        valueFrom: { configMapKeyRef: { name: configMap(program), key: CONFIG_KEY } },
      },
      { name: "CNI_NET_DIR", value: value("cni.netDir") },
      { name: "CNI_BIN_DIR", value: value("cni.binDir") },
      { name: "CHAINED_CNI_PLUGIN", value: text`${value("cni.chained")}` },
      { name: "CNI_LOG_LEVEL", value: value("cni.logLevel") },
      { name: "CNI_DAEMONSET_NAME", value: CNI_DAEMON_SET },
      { name: "CNI_HTTP_PORT", value: String(INSTALLER_PORT) },
      fieldVariable("POD_NAMESPACE", "metadata.namespace"),
      fieldVariable("POD_NAME", "metadata.name"),
      fieldVariable("NODE_NAME", "spec.nodeName"),
    ],
    ports: [{ name: PORT_NAME, containerPort: INSTALLER_PORT, protocol: "TCP" }],
    ...(takesOver ? KUMAS_PROBES : {
      startupProbe: probe("/healthz", PORT_NAME, 2, 60),
      livenessProbe: probe("/healthz", PORT_NAME, 10, 3),
      readinessProbe: probe("/readyz", PORT_NAME, 2, 2),
    }),
    resources: value("cni.resources"),
    securityContext: value("cni.containerSecurityContext"),
    volumeMounts: [
      { name: "cni-bin-dir", mountPath: "/host/opt/cni/bin" },
      { name: "cni-net-dir", mountPath: "/host/etc/cni/net.d" },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}
