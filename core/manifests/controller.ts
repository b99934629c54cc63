/**
 * The controller: node taints, Dataplanes, NetworkAttachmentDefinitions. Its pods fit the Pod Security level
 * `restricted`; one of them leads.
 *
 * @module
 */
import { LABELS } from "core/kube/annotations.ts";
import { LEASES } from "core/kube/leases.ts";
import { clusterAccess, ownAccess, serviceAccount } from "./access.ts";
import { named, type Program } from "./names.ts";
import { CONTAINER_SECURITY, disruptionBudget, POD_SECURITY, probe, spread } from "./pods.ts";
import { and, equal, type Node, text, when } from "./template/node.ts";
import type { PodParts } from "./webhook/objects.ts";

/** What the controller is installed with. */
export interface ControllerParts {
  readonly program: Program;
  readonly image: Node;
  readonly replicas: Node;
  readonly environment: Node;
  readonly logLevel: Node;
  /** The control plane's YAML document; empty for none. */
  readonly document: Node;
  /** Whether nodes are tainted until their CNI is ready. */
  readonly taints: Node;
  /** Whether there is a CNI, and with it NetworkAttachmentDefinitions. */
  readonly cni: Node;
  /** What is done with pods that started without interception: `report`, `label`, `delete` or `off`. */
  readonly repair: Node;
  readonly budget: Node;
  readonly maxUnavailable: Node;
  readonly account: Parameters<typeof serviceAccount>[1];
  readonly pods: PodParts & { readonly resources: Node };
}

/** Name of the container's port with `/healthz`, `/readyz` and `/metrics`. */
const PORT_NAME = "diagnostics";
/** That port. */
const CONTROLLER_PORT = 8080;

const WATCH = ["list", "watch"];

/** Everything the controller asks of the API server, cluster-wide, and nothing that it does not. */
export function controllerClusterRules(
  { taints, cni, repair }: Pick<ControllerParts, "taints" | "cni" | "repair">,
): Node[] {
  const rule = (group: string, resources: string[], verbs: string[]) => ({
    apiGroups: [group],
    resources,
    verbs,
  });
  return [
    rule("", ["namespaces", "nodes", "pods", "services"], WATCH),
    rule("apps", ["replicasets"], WATCH),
    rule("batch", ["jobs"], WATCH),
    rule("discovery.k8s.io", ["endpointslices"], WATCH),
    rule("kuma.io", ["meshes"], WATCH),
    rule("kuma.io", ["dataplanes"], [...WATCH, "create", "patch", "delete"]),
    // An owner reference that blocks the owner's deletion takes this where the admission plugin
    // OwnerReferencesPermissionEnforcement is on, as in OpenShift.
    rule("", ["pods/finalizers"], ["update"]),
    rule("", ["events"], ["create", "patch"]),
    when(taints, rule("", ["nodes"], ["get", "patch"])),
    // Whoever may do this to any pod gets it only where it is asked for.
    when(and(cni, equal(repair, "label")), rule("", ["pods"], ["patch"])),
    when(and(cni, equal(repair, "delete")), rule("", ["pods"], ["delete"])),
    when(
      cni,
      rule("k8s.cni.cncf.io", ["network-attachment-definitions"], [
        ...WATCH,
        "create",
        "patch",
        "delete",
      ]),
    ),
  ];
}

/** What is needed in the system namespace: the lease, and to see whether Kuma's control plane is at work. */
export function controllerNamespaceRules(): Node[] {
  const leases = { apiGroups: ["coordination.k8s.io"], resources: ["leases"] };
  return [
    // Who creates gives no name to look at. Of Kuma's own lease it only has to be seen that it is held.
    { ...leases, verbs: ["create"] },
    { ...leases, resourceNames: [LEASES.own], verbs: ["get", "update"] },
    { ...leases, resourceNames: [LEASES.ofKuma], verbs: ["get"] },
    { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get"] },
  ];
}

/** The objects of the controller. */
export function controllerObjects(parts: ControllerParts): Node[] {
  const { program } = parts;
  return [
    serviceAccount(program, parts.account),
    ...clusterAccess(program, controllerClusterRules(parts)),
    ...ownAccess(program, controllerNamespaceRules()),
    when(parts.document, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: named(program),
      data: { [CONFIG_KEY]: parts.document },
    }),
    when(parts.budget, disruptionBudget(program, parts.maxUnavailable)),
    deployment(parts),
  ];
}

const CONFIG_FOLDER = "/etc/kuma-controller/config";
const CONFIG_KEY = "config.yaml";

function deployment(parts: ControllerParts): Node {
  const { program, pods } = parts;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { ...named(program), annotations: pods.deploymentAnnotations },
    spec: {
      replicas: parts.replicas,
      minReadySeconds: pods.minReadySeconds,
      selector: { matchLabels: program.selector },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } },
      template: {
        metadata: {
          labels: { ...program.selector, [LABELS.sidecarInjection]: "disabled" },
          annotations: pods.annotations?.({}),
        },
        spec: {
          serviceAccountName: program.name,
          nodeSelector: pods.nodeSelector,
          tolerations: pods.tolerations,
          dnsPolicy: pods.dnsPolicy,
          dnsConfig: pods.dnsConfig,
          priorityClassName: pods.priorityClassName,
          securityContext: POD_SECURITY,
          terminationGracePeriodSeconds: 30,
          ...spread(program, pods.affinity, pods.topologySpreadConstraints),
          containers: [container(parts)],
          volumes: [
            { name: "tmp", emptyDir: {} },
            when(parts.document, { name: "config", configMap: { name: program.name } }),
          ],
        },
      },
    },
  };
}

function container(parts: ControllerParts): Node {
  return {
    name: "kuma-controller",
    image: parts.image,
    imagePullPolicy: parts.pods.pullPolicy,
    args: [
      "serve",
      text`--log-level=${parts.logLevel}`,
      when(parts.document, `--config-file=${CONFIG_FOLDER}/${CONFIG_KEY}`),
    ],
    env: parts.environment,
    ports: [{ name: PORT_NAME, containerPort: CONTROLLER_PORT, protocol: "TCP" }],
    startupProbe: probe("/healthz", PORT_NAME, 2, 60),
    livenessProbe: probe("/healthz", PORT_NAME, 10, 3),
    readinessProbe: probe("/readyz", PORT_NAME, 5, 2),
    resources: parts.pods.resources,
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      { name: "tmp", mountPath: "/tmp" },
      when(parts.document, { name: "config", mountPath: CONFIG_FOLDER, readOnly: true }),
    ],
  };
}
