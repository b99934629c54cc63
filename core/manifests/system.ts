/**
 * The whole of what `kumactl install control-plane` prints and the Helm chart holds: from values to objects.
 *
 * @module
 */
import { cniObjects } from "./cni.ts";
import { controllerObjects } from "./controller.ts";
import { loaderObjects } from "./loader.ts";
import { ownImage } from "./images.ts";
import { ownName, type Program, STEM } from "./names.ts";
import { systemEnvironment } from "./environment.ts";
import {
  and,
  either,
  first,
  given,
  json,
  type Node,
  not,
  overlay,
  references,
  releaseNamespace,
  switched,
  text,
  value,
  when,
} from "./template/node.ts";
import { TLS_FOLDER } from "./webhook/deployment.ts";
import { type PodParts, webhookObjects } from "./webhook/objects.ts";

/** An object of the system, and the file of the chart that it goes into. */
export interface Part {
  readonly name: string;
  readonly objects: readonly Node[];
}

const CP = (path: string) => value(`controlPlane.${path}`);

const programImage = (member: string) => ownImage(`${member}.image`, "controlPlane.image");

function program(rest: string): Program {
  const name = ownName(rest);
  return {
    name,
    namespace: releaseNamespace,
    selector: { "app.kubernetes.io/name": name },
    extraLabels: CP("extraLabels"),
  };
}

/**
 * Labels by which Kuma's own taint controller finds the CNI's pods, too, and which its DaemonSet has for a selector: that
 * cannot be changed. The instance is the name of a Helm release, which does not follow the stem of other names.
 */
const cni = (name: string): Program => ({
  name: ownName(name),
  namespace: value("cni.namespace"),
  selector: {
    app: ownName("cni"),
    "app.kubernetes.io/name": STEM,
    "app.kubernetes.io/instance": value("cni.instance"),
  },
});

const LOADER: Program = {
  name: ownName("ebpf-loader"),
  namespace: value("cni.namespace"),
  selector: { app: ownName("ebpf-loader"), "app.kubernetes.io/name": STEM },
};

/** Where the webhook's certificate comes from: empty where it makes it itself. */
const GIVEN_SECRET = first(
  CP("tls.general.secretName"),
  either(CP("tls.general.certManager.enabled"), ownName("webhook-tls"), ""),
);
const WEBHOOK = program("webhook");
const PRIORITY_CLASS = ownName("control-plane");

const NAMESERVERS = CP("dns.config.nameservers"), SEARCHES = CP("dns.config.searches");
/** Without empty lists, which the API server drops: kubectl would take them for a change, at each apply. */
const DNS_CONFIG: Node = when(
  first(NAMESERVERS, SEARCHES),
  either(
    NAMESERVERS,
    either(SEARCHES, { nameservers: NAMESERVERS, searches: SEARCHES }, {
      nameservers: NAMESERVERS,
    }),
    { searches: SEARCHES },
  ),
);

const PODS: PodParts = {
  deploymentAnnotations: given(CP("deploymentAnnotations")),
  annotations: (ours) => given(overlay(either(CP("config"), ours, {}), CP("podAnnotations"))),
  minReadySeconds: given(CP("minReadySeconds")),
  nodeSelector: CP("nodeSelector"),
  tolerations: given(CP("tolerations")),
  dnsPolicy: given(CP("dns.policy")),
  dnsConfig: DNS_CONFIG,
  priorityClassName: first(CP("priorityClassName"), PRIORITY_CLASS),
  affinity: CP("affinity"),
  topologySpreadConstraints: CP("topologySpreadConstraints"),
  pullPolicy: CP("image.pullPolicy"),
};

const PULL_SECRETS: Node = when(
  value("global.imagePullSecrets"),
  references(value("global.imagePullSecrets")),
);
const ACCOUNT = {
  annotations: given(CP("serviceAccountAnnotations")),
  pullSecrets: PULL_SECRETS,
};

/** Whether the taint controller is on, as the controller itself will read it. */
const TAINTS = switched(
  "KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_ENABLED",
  CP("envVars"),
  and(value("cni.enabled"), value("cni.taintController.enabled")),
);

/** How the system is installed. */
export interface SystemOptions {
  /** Kuma's control plane is there: what is its own is left out. */
  readonly besideKuma: boolean;
}

/** The parts of the system, in the order in which they are applied. */
export function systemParts({ besideKuma }: SystemOptions): Part[] {
  return [
    { name: "priority-class", objects: [when(not(CP("priorityClassName")), priorityClass())] },
    // Kuma's own ConfigMap has the same name.
    { name: "transparent-proxy", objects: besideKuma ? [] : [transparentProxyConfigMap()] },
    { name: "cert-manager", objects: certManager() },
    { name: "webhook", objects: webhook(besideKuma) },
    {
      name: "controller",
      objects: controller().map((one) => guard(value("controller.enabled"), one)),
    },
    {
      name: "cni",
      objects: cniObjects({
        program: cni(besideKuma ? "node-cni" : "cni"),
        image: ownImage("cni.image"),
        pullSecrets: PULL_SECRETS,
        takesOver: besideKuma,
      }).map((one) => guard(value("cni.enabled"), one)),
    },
    {
      name: "ebpf-loader",
      objects: loaderObjects({
        program: LOADER,
        image: ownImage("ebpf.image"),
        pullSecrets: PULL_SECRETS,
      }).map((one) => guard(and(value("cni.enabled"), value("experimental.ebpf.enabled")), one)),
    },
  ];
}

/** An object under one more condition. */
function guard(test: Node, node: Node): Node {
  return when(test, node);
}

function webhook(besideKuma: boolean): Node[] {
  return webhookObjects({
    program: WEBHOOK,
    readerName: ownName("webhook-reader"),
    image: programImage("webhook"),
    replicas: CP("replicas"),
    service: WEBHOOK.name,
    tlsSecret: first(GIVEN_SECRET, ownName("webhook-tls")),
    generateCerts: not(GIVEN_SECRET),
    caBundle: CP("tls.general.caBundle"),
    configurationAnnotations: when(
      CP("tls.general.certManager.enabled"),
      { "cert-manager.io/inject-ca-from": text`${releaseNamespace}/${ownName("webhook-tls")}` },
    ),
    failurePolicy: CP("injectorFailurePolicy"),
    mode: CP("mode"),
    drainSeconds: value("webhook.drainTime"),
    graceSeconds: CP("terminationGracePeriodSeconds"),
    logLevel: CP("logLevel"),
    port: CP("admissionServerPort"),
    environment: systemEnvironment({ certificate: GIVEN_SECRET, tlsFolder: TLS_FOLDER }),
    document: CP("config"),
    caSecret: CP("xds.caSecretName"),
    readsConfigMaps: value("transparentProxy.configMap.enabled"),
    unsafeDelete: switched("KUMA_STORE_UNSAFE_DELETE", CP("envVars"), false),
    maxUnavailable: CP("podDisruptionBudget.maxUnavailable"),
    budget: CP("podDisruptionBudget.enabled"),
    ownsConfigurations: !besideKuma,
    account: ACCOUNT,
    pods: {
      ...PODS,
      hostNetwork: when(CP("hostNetwork"), true),
      resources: first(CP("resources"), value("webhook.resources")),
    },
  });
}

function controller(): Node[] {
  const environment = systemEnvironment({ certificate: "", tlsFolder: "" });
  return controllerObjects({
    program: program("controller"),
    image: programImage("controller"),
    replicas: CP("replicas"),
    environment,
    logLevel: CP("logLevel"),
    document: CP("config"),
    taints: TAINTS,
    cni: value("cni.enabled"),
    repair: value("controller.repair"),
    budget: CP("podDisruptionBudget.enabled"),
    maxUnavailable: CP("podDisruptionBudget.maxUnavailable"),
    account: ACCOUNT,
    pods: { ...PODS, resources: first(CP("resources"), value("controller.resources")) },
  });
}

/** Behind what nodes need themselves, before everything else: without the webhook no pod of the mesh is made. */
function priorityClass(): Node {
  return {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name: PRIORITY_CLASS, labels: { "app.kubernetes.io/name": STEM } },
    // The most that is not Kubernetes' own: system-cluster-critical is refused outside kube-system by GKE.
    value: 1_000_000_000,
    description: "The sidecar injector and the controller: pods of the mesh wait for them.",
  };
}

function transparentProxyConfigMap(): Node {
  const at = "transparentProxy.configMap";
  return when(value(`${at}.enabled`), {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: value(`${at}.name`),
      namespace: releaseNamespace,
      labels: { "app.kubernetes.io/name": STEM },
    },
    data: { "config.yaml": json(value(`${at}.config`)) },
  });
}

function certManager(): Node[] {
  const name = ownName("webhook-tls");
  const metadata = {
    name,
    namespace: releaseNamespace,
    labels: { "app.kubernetes.io/name": STEM },
  };
  const enabled = CP("tls.general.certManager.enabled");
  const issuer = CP("tls.general.certManager.issuerRef");
  const host = text`${WEBHOOK.name}.${releaseNamespace}.svc`;
  return [
    when(and(enabled, not(issuer)), {
      apiVersion: "cert-manager.io/v1",
      kind: "Issuer",
      metadata,
      spec: { selfSigned: {} },
    }),
    when(enabled, {
      apiVersion: "cert-manager.io/v1",
      kind: "Certificate",
      metadata,
      spec: {
        secretName: name,
        dnsNames: [host, text`${WEBHOOK.name}.${releaseNamespace}`],
        usages: ["digital signature", "server auth"],
        privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
        issuerRef: first(issuer, { name, kind: "Issuer" }),
      },
    }),
  ];
}
