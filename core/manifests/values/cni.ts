/**
 * Values of the nodes: the CNI and eBPF, and of what is put into pods.
 *
 * @module
 */
import { differs, meaningless, ours, refused, taken, type ValueDefinition } from "./definition.ts";

/** The release of Kuma whose sidecar is injected where nobody says another. */
export const SIDECAR_TAG = "2.9.13";

/** The lines, in the order of `--dump-values`. */
export const CNI_VALUES: readonly ValueDefinition[] = [
  ...taken(
    ["cni.enabled", "switch", false, "the CNI's DaemonSet in place of kuma-init in each pod"],
    [
      "cni.chained",
      "switch",
      false,
      "false: a configuration of its own, for Multus; true: behind the cluster's CNI",
    ],
    [
      "cni.netDir",
      "text",
      "/etc/cni/multus/net.d",
      "folder of CNI configurations on the nodes",
      "folder",
    ],
    ["cni.binDir", "text", "/var/lib/cni/bin", "folder of CNI programs on the nodes", "folder"],
    ["cni.nodeSelector", "map", { "kubernetes.io/os": "linux" }, "nodes for the CNI"],
    ["cni.podAnnotations", "map", {}, "annotations of its pods"],
    ["cni.namespace", "text", "kube-system", "its namespace, which must exist", "name"],
    ["cni.image.registry", "text", "", "empty: global.image.registry", "registry"],
    ["cni.image.repository", "text", "kuma-cni", "image of the installer", "image"],
    ["cni.image.tag", "text", "", "empty: global.image.tag, else this release", "tag"],
    ["cni.image.imagePullPolicy", "text", "IfNotPresent", "when it is pulled", [
      "Always",
      "IfNotPresent",
      "Never",
    ]],
    ["cni.podSecurityContext", "map", {}, "of its pods"],
  ),
  ...differs(
    [
      "cni.confName",
      "text",
      "kuma-cni.conf",
      "file to make, or to extend; chained and empty: the one that the runtime uses",
      "file",
    ],
    ["cni.logLevel", "text", "info", "of installer and plugin (Kuma: off, info, debug)", [
      "debug",
      "info",
      "warn",
      "error",
      "off",
    ]],
    [
      "cni.tolerations",
      "list",
      [],
      "added to the three that it always has (Kuma 2.9 prints the key twice)",
    ],
    ["cni.resources", "map", {
      requests: { cpu: "100m", memory: "100Mi" },
      limits: { memory: "256Mi" },
    }, "of the installer (Kuma: a limit of 100Mi, which is slower to start)"],
    ["cni.containerSecurityContext", "map", {
      readOnlyRootFilesystem: true,
      runAsNonRoot: false,
      runAsUser: 0,
      runAsGroup: 0,
    }, "of the installer; OpenShift needs privileged: true"],
    [
      "experimental.ebpf.enabled",
      "switch",
      false,
      "redirection by eBPF; with the CNI, the loader's DaemonSet (Kuma: Merbridge)",
    ],
  ),
  ...ours(
    ["cni.affinity", "map", {}, "of its pods (a value of Kuma 2.10)"],
    [
      "cni.taintController.enabled",
      "switch",
      true,
      "keep pods off nodes whose CNI is not ready (a value of Kuma 2.11)",
    ],
    [
      "cni.instance",
      "text",
      "kuma",
      "label of its pods: the name of Kuma's Helm release where its DaemonSet is taken over",
      "name",
    ],
    ["ebpf.image.registry", "text", "", "empty: global.image.registry", "registry"],
    ["ebpf.image.repository", "text", "kuma-ebpf-loader", "image of the loader", "image"],
    ["ebpf.image.tag", "text", "", "empty: global.image.tag, else this release", "tag"],
    ["ebpf.resources", "map", {
      requests: { cpu: "50m", memory: "128Mi" },
      limits: { memory: "256Mi" },
    }, "of the loader"],
  ),
  ...taken(
    [
      "experimental.ebpf.instanceIPEnvVarName",
      "text",
      "INSTANCE_IP",
      "variable with the pod's address",
    ],
    [
      "experimental.ebpf.bpffsPath",
      "text",
      "/sys/fs/bpf",
      "where the BPF file system is mounted",
      "folder",
    ],
    [
      "experimental.ebpf.cgroupPath",
      "text",
      "/sys/fs/cgroup",
      "where cgroup2 is mounted",
      "folder",
    ],
    ["experimental.ebpf.tcAttachIface", "text", "", "interface for programs of tc; empty: found"],
    [
      "experimental.ebpf.programsSourcePath",
      "text",
      "/tmp/kuma-ebpf",
      "where kuma-init has the programs",
      "folder",
    ],
    [
      "experimental.sidecarContainers",
      "switch",
      false,
      "native sidecars, Kubernetes 1.29 and later",
    ],
    [
      "transparentProxy.configMap.enabled",
      "switch",
      false,
      "one ConfigMap configures redirection of all pods",
    ],
    [
      "transparentProxy.configMap.name",
      "text",
      "kuma-transparent-proxy-config",
      "its name",
      "secret",
    ],
    [
      "transparentProxy.configMap.config",
      "map",
      {},
      "its document; what is not said has Kuma's defaults",
    ],
    ["dataPlane.image.registry", "text", "", "empty: global.image.registry", "registry"],
    [
      "dataPlane.image.repository",
      "text",
      "kuma-dp",
      "image of the sidecar, which is Kuma's",
      "image",
    ],
    ["dataPlane.initImage.registry", "text", "", "empty: global.image.registry", "registry"],
    [
      "dataPlane.initImage.repository",
      "text",
      "kuma-init",
      "image of kuma-init and kuma-validation",
      "image",
    ],
    ["dataPlane.initImage.tag", "text", "", "empty: global.image.tag, else this release", "tag"],
    ["dataPlane.dnsLogging", "switch", false, "the sidecar logs DNS questions"],
    ["global.image.registry", "text", "docker.io/kumahq", "registry of all images", "registry"],
    [
      "global.image.tag",
      "text",
      "",
      "tag of all images but the sidecar's; empty: this release",
      "tag",
    ],
    ["global.imagePullSecrets", "list", [], "names of Secrets, put into our service accounts"],
    [
      "nameOverride",
      "text",
      "",
      "replaces kuma in kuma-webhook, kuma-controller, kuma-cni (Kong Mesh: kong-mesh)",
      "name",
    ],
  ),
  ...differs(
    [
      "dataPlane.image.tag",
      "text",
      "",
      `empty: ${SIDECAR_TAG}, the release of Kuma that is followed here`,
      "tag",
    ],
  ),
  ...meaningless(
    ["cni.delayStartupSeconds", "number", 0, "a test's aid of Kuma's own"],
    ["cni.experimental", "map", {}, "the image of Merbridge: ours is ebpf.image"],
    ["experimental.cni", "switch", false, "every CNI here is version 2"],
    ["experimental.transparentProxy", "switch", false, "every redirection here is version 2"],
    ["dataPlane.image.pullPolicy", "text", "IfNotPresent", "in Kuma, too, it reaches no sidecar"],
    ["restartOnSecretChange", "switch", true, "certificates are taken into use without a restart"],
    ["patchSystemNamespace", "switch", true, "the Namespace is printed with its label"],
    ["noHelmHooks", "switch", false, "there are no hooks"],
    ["installCrdsOnUpgrade", "map", {}, "there are no hooks"],
    ["kubectl", "map", {}, "there are no hooks"],
    ["kumactl", "map", {}, "there are no hooks"],
    ["hooks", "map", {}, "there are no hooks"],
    ["plugins", "map", {}, "which policies there are is kuma-cp's"],
    ["postgres", "map", {}, "there is no database"],
  ),
  ...refused(
    [
      "ingress.enabled",
      "switch",
      false,
      "zone ingress is kuma-cp's and kuma-dp's: use Kuma's own chart",
    ],
    [
      "egress.enabled",
      "switch",
      false,
      "zone egress is kuma-cp's and kuma-dp's: use Kuma's own chart",
    ],
    ["legacy.cni.enabled", "switch", false, "the first CNI is gone since Kuma 2.5"],
    [
      "legacy.transparentProxy",
      "switch",
      false,
      "the first transparent proxy is gone since Kuma 2.5",
    ],
    ["namespaceAllowList", "list", [], "a value of Kuma 2.11 that is not here yet"],
    [
      "skipRBAC",
      "switch",
      false,
      "a value of Kuma 2.11: without their roles the programs never become ready",
    ],
  ),
  ...meaningless(
    ["ingress", "map", {}, "zone ingress is not here"],
    ["egress", "map", {}, "zone egress is not here"],
  ),
];
