/**
 * The flags of `install control-plane`, with the values that they write: Kuma's, and ours.
 *
 * @module
 */
import { type FlagDefinition, lazyFlags } from "core/program/command.ts";
import { outputFlag } from "core/program/output.ts";

/** A flag that writes values. */
export interface ValueFlag {
  readonly name: string;
  readonly kind: "text" | "bool" | "map";
  /** The values that get what is said. */
  readonly paths: readonly string[];
  readonly help: string;
  readonly choices?: readonly string[];
}

const text = (name: string, help: string, ...paths: string[]): ValueFlag => ({
  name,
  kind: "text",
  paths,
  help,
});
const bool = (name: string, help: string, path: string): ValueFlag => ({
  name,
  kind: "bool",
  paths: [path],
  help,
});
const map = (name: string, help: string, path: string): ValueFlag => ({
  name,
  kind: "map",
  paths: [path],
  help,
});

/** Flags that write values, in the order of help. */
export const valueFlags: () => readonly ValueFlag[] = lazyFlags(() => [
  map(
    "env-var",
    "a variable of webhook and controller, NAME=VALUE; may be repeated",
    "controlPlane.envVars",
  ),
  text("registry", "registry of all images", "global.image.registry"),
  text(
    "version",
    "tag of all images",
    "controlPlane.image.tag",
    "dataPlane.image.tag",
    "dataPlane.initImage.tag",
    "cni.image.tag",
  ),
  text(
    "image-pull-policy",
    "when images of webhook and controller are pulled",
    "controlPlane.image.pullPolicy",
  ),
  text(
    "control-plane-registry",
    "registry of the images of webhook and controller",
    "controlPlane.image.registry",
  ),
  text(
    "control-plane-repository",
    "without effect: there is no kuma-cp here",
    "controlPlane.image.repository",
  ),
  text(
    "control-plane-version",
    "tag of the images of webhook and controller",
    "controlPlane.image.tag",
  ),
  text(
    "control-plane-service-name",
    "the control plane that sidecars ask, in the same namespace",
    "controlPlane.service.name",
  ),
  map(
    "control-plane-node-selector",
    "nodes for webhook and controller, LABEL=VALUE",
    "controlPlane.nodeSelector",
  ),
  {
    ...text(
      "injector-failure-policy",
      "what becomes of pods while no webhook answers",
      "controlPlane.injectorFailurePolicy",
    ),
    choices: ["Fail", "Ignore"],
  },
  { ...text("mode", "zone or global", "controlPlane.mode"), choices: ["zone", "global"] },
  text("zone", "name of the zone", "controlPlane.zone"),
  text(
    "kds-global-address",
    "address of the global control plane",
    "controlPlane.kdsGlobalAddress",
  ),
  text(
    "tls-general-secret",
    "Secret with the webhook's certificate",
    "controlPlane.tls.general.secretName",
  ),
  text(
    "tls-general-ca-secret",
    "refused: see controlPlane.xds.caSecretName",
    "controlPlane.tls.general.caSecretName",
  ),
  text(
    "tls-general-ca-bundle",
    "base64 of the CA of the webhook's certificate",
    "controlPlane.tls.general.caBundle",
  ),
  text("tls-api-server-secret", "without effect", "controlPlane.tls.apiServer.secretName"),
  text(
    "tls-api-server-client-certs-secret",
    "without effect",
    "controlPlane.tls.apiServer.clientCertsSecretName",
  ),
  text(
    "tls-kds-global-server-secret",
    "without effect",
    "controlPlane.tls.kdsGlobalServer.secretName",
  ),
  text("tls-kds-zone-client-secret", "without effect", "controlPlane.tls.kdsZoneClient.secretName"),
  text("dataplane-registry", "registry of the sidecar's image", "dataPlane.image.registry"),
  text("dataplane-repository", "the sidecar's image", "dataPlane.image.repository"),
  text("dataplane-version", "tag of the sidecar's image", "dataPlane.image.tag"),
  text(
    "dataplane-init-registry",
    "registry of the image of kuma-init",
    "dataPlane.initImage.registry",
  ),
  text("dataplane-init-repository", "the image of kuma-init", "dataPlane.initImage.repository"),
  text("dataplane-init-version", "tag of the image of kuma-init", "dataPlane.initImage.tag"),
  bool("cni-enabled", "the CNI in place of kuma-init", "cni.enabled"),
  bool("cni-chained", "behind the cluster's own CNI", "cni.chained"),
  text("cni-net-dir", "folder of CNI configurations on the nodes", "cni.netDir"),
  text("cni-bin-dir", "folder of CNI programs on the nodes", "cni.binDir"),
  text("cni-conf-name", "CNI configuration to make or to extend", "cni.confName"),
  map("cni-node-selector", "nodes for the CNI, LABEL=VALUE", "cni.nodeSelector"),
  bool("ingress-enabled", "refused: use Kuma's own chart", "ingress.enabled"),
  text("ingress-drain-time", "without effect", "ingress.drainTime"),
  map("ingress-node-selector", "without effect", "ingress.nodeSelector"),
  bool("ingress-use-node-port", "without effect", "ingress.useNodePort"),
  bool("egress-enabled", "refused: use Kuma's own chart", "egress.enabled"),
  text("egress-drain-time", "without effect", "egress.drainTime"),
  text("egress-service-type", "without effect", "egress.service.type"),
  map("egress-node-selector", "without effect", "egress.nodeSelector"),
  map("hooks-node-selector", "without effect", "hooks.nodeSelector"),
  bool("use-node-port", "without effect", "controlPlane.globalZoneSyncService.useNodePort"),
]);

/** What is known of environments; the names stand in core/manifests/environments.ts, which help need not load. */
const ENVIRONMENT_NAMES = [
  ...["auto", "eks", "aks", "aks-overlay", "calico", "cilium", "gke-dataplane-v1"],
  ...["gke-dataplane-v2", "gke-cilium", "k3d", "kind", "openshift-3.11", "openshift-4"],
];

const NAMESPACE: FlagDefinition = {
  name: "namespace",
  bool: false,
  placeholder: "name",
  defaultText: "kuma-system",
  help: "the system namespace",
};

const SOURCES: readonly FlagDefinition[] = [
  {
    name: "environment",
    bool: false,
    placeholder: "name",
    choices: ENVIRONMENT_NAMES,
    help: "the CNI's values of a kind of cluster; auto asks this one",
  },
  {
    name: "set",
    bool: false,
    placeholder: "key=value",
    help: "values, in the grammar of Helm; may be repeated, the last wins",
  },
  {
    name: "values",
    short: "f",
    bool: false,
    placeholder: "files",
    path: true,
    help: "YAML files of values, '-' for standard input; win over flags",
  },
];

/** What writes values: of Kuma's flags those without effect are not shown. */
const values: () => readonly FlagDefinition[] = lazyFlags(() =>
  valueFlags().map(({ name, kind, help, choices }) => ({
    name,
    bool: kind === "bool",
    help,
    ...(kind === "bool" ? {} : { placeholder: kind === "map" ? "name=value" : "text" }),
    ...(choices === undefined ? {} : { choices }),
    ...(/^(without effect|refused)/.test(help) ? { hidden: true } : {}),
  }))
);

/** All flags of `install control-plane`. */
export const installFlags: () => readonly FlagDefinition[] = lazyFlags(() => [
  NAMESPACE,
  ...SOURCES,
  {
    name: "beside-kuma",
    bool: true,
    help: "Kuma's control plane runs here: print only what takes over from it",
  },
  {
    name: "dump-values",
    bool: true,
    help: "print all values with their defaults, and nothing else",
  },
  {
    name: "without-kubernetes-connection",
    bool: true,
    help: "ask no cluster: so it is anyway, but for --environment auto",
  },
  ...values(),
  {
    name: "skip-kinds",
    bool: false,
    placeholder: "kind",
    hidden: true,
    help: "leave objects of this kind out; may be repeated",
  },
  {
    name: "api-versions",
    bool: false,
    placeholder: "version",
    hidden: true,
    help: "taken and ignored",
  },
]);

/** All flags of `uninstall control-plane`. */
export const uninstallFlags: () => readonly FlagDefinition[] = lazyFlags(() => [
  NAMESPACE,
  ...SOURCES,
  {
    name: "beside-kuma",
    bool: true,
    help: "it was installed beside Kuma's control plane, whose objects stay",
  },
  { name: "dry-run", bool: true, help: "say what would be removed, and remove nothing" },
  outputFlag(),
  {
    name: "timeout",
    bool: false,
    placeholder: "duration",
    defaultText: "2m",
    help: "how long nodes may take to clean up",
  },
  // So that the command line of the installation serves, with one word changed.
  ...values().map((flag) => ({ ...flag, hidden: true })),
]);
