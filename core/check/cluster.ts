/**
 * The checks of a cluster: `kumactl check --kubernetes`.
 *
 * @module
 */
import type { SectionDefinition } from "./definition.ts";

/** Who gives pods their sidecars. */
const INJECTOR = {
  title: "Sidecar injector",
  checks: {
    "injector-configured": {
      title: "The API server asks an injector about pods",
      code: "KUMA-CHK-101",
      todo: "install it: kumactl install control-plane | kubectl apply -f -",
      about:
        "The MutatingWebhookConfiguration `kuma-admission-mutating-webhook-configuration` has to be there, with the two " +
        "entries about pods, and they have to name a Service. Without it no pod gets a sidecar.",
    },
    "injector-endpoints": {
      title: "Pods of the injector are ready",
      code: "KUMA-CHK-102",
      todo: "look at its pods: kubectl -n NAMESPACE get pods, describe and logs",
      about:
        "The Service that the configuration names needs endpoints that are ready. With none, pods of the mesh are not " +
        "created (failure policy Fail), or are created without a sidecar (Ignore).",
    },
    "injector-ca": {
      title: "The API server trusts the injector's certificate",
      code: "KUMA-CHK-103",
      todo:
        "restart the injector, which writes its CA; with a certificate of your own, set its CA as caBundle",
      about:
        "The `caBundle` of each entry has to hold the CA that signed the certificate in the injector's Secret, and the " +
        "certificate has to be for `SERVICE.NAMESPACE.svc`. This needs the right to read the Secret; `injector-answers` shows " +
        "the same without it.",
    },
    "injector-certificate": {
      title: "The injector's certificate is valid",
      code: "KUMA-CHK-104",
      todo: "restart the injector, or let whoever makes the certificate (cert-manager) renew it",
      about:
        "Certificate and CA have to be of this time. Two weeks before the end it is a warning: our injector renews its " +
        "certificate long before that, and so does cert-manager.",
    },
    "injector-answers": {
      title: "A pod that asks for a sidecar gets one",
      code: "KUMA-CHK-105",
      todo: "mend what the message says: network policies, the certificate, or the injector's pods",
      about:
        "A pod is created as a dry run, which stores nothing: the API server itself calls the injector, over the network and " +
        "with the CA that it knows. This needs the right to create pods in one namespace.",
    },
  },
} as const satisfies SectionDefinition;

/** Deployments and DaemonSets. */
const PROGRAMS = {
  title: "Programs",
  checks: {
    "programs-rollout": {
      title: "Deployments and DaemonSets are rolled out",
      code: "KUMA-CHK-106",
      todo: "look at the pods that are missing: kubectl -n NAMESPACE describe pods",
      about:
        "Injector, controller (or Kuma's control plane), the CNI's and the eBPF loader's DaemonSets: as many pods of the " +
        "newest version have to be available as are wanted.",
    },
    "programs-rights": {
      title: "The programs may do what they need",
      code: "KUMA-CHK-107",
      todo: "apply the manifests of this version again: roles and bindings are part of them",
      about:
        "For the service account of each of our programs the API server is asked about every right that the program's " +
        "manifests give it. This needs the right to create subjectaccessreviews.",
    },
    "programs-versions": {
      title: "All programs are of one version",
      code: "KUMA-CHK-108",
      todo: "finish the upgrade, and restart the workloads whose pods are of another version",
      about:
        "Images of our programs should have one tag. Sidecars and init containers of pods should have the images that the " +
        "injector gives now: pods keep the ones that they were made with until they are made anew.",
    },
  },
} as const satisfies SectionDefinition;

/** What every node needs. */
const NODES = {
  title: "Nodes",
  checks: {
    "nodes-cni": {
      title: "The CNI runs on every node",
      code: "KUMA-CHK-109",
      todo: "see why its DaemonSet has no pod there: tolerations, node selector, resources",
      about:
        "A pod of the mesh on a node without kuma-cni has no interception. Nodes for Windows, and nodes that the DaemonSet's " +
        "node selector leaves out, are not counted.",
    },
    "nodes-cni-ready": {
      title: "The CNI is ready on every node",
      code: "KUMA-CHK-110",
      todo: "look at the log of its pod there: kubectl -n NAMESPACE logs POD",
      about:
        "The kubelet asks each installer's `/readyz`. Of those that are not ready the page is asked for its reason, through the " +
        "API server, where that is permitted (get on pods/proxy).",
    },
    "nodes-taints": {
      title: "No node keeps its taint for longer than it needs",
      code: "KUMA-CHK-111",
      todo:
        "see that the controller runs, that it may patch nodes, and that cniApp is the CNI's label",
      about:
        "The taint `NodeReadiness:NoSchedule` keeps pods away until the CNI is ready. It hangs where the CNI is ready and the " +
        "taint stays, or where nobody would ever take it away.",
    },
  },
} as const satisfies SectionDefinition;

/** Pods of the mesh, and what names them. */
const PODS = {
  title: "Pods",
  checks: {
    "pods-labels": {
      title: "Labels and annotations about injection mean something",
      code: "KUMA-CHK-116",
      todo: "use the label kuma.io/sidecar-injection: enabled (or disabled)",
      about:
        "Values that are no switch, the annotation that was once a label, and namespaces that the webhook configuration leaves " +
        "out: somebody meant something, and it has no effect.",
    },
    "pods-injected": {
      title: "Pods that ask for a sidecar have one",
      code: "KUMA-CHK-112",
      todo: "restart their workloads: kubectl -n NAMESPACE rollout restart deployment NAME",
      about:
        "Pods whose labels, or whose namespace's, ask for a sidecar, and that have none: they were made before the label, or " +
        "while the injector was not reached. `kumactl explain pod` says why for one of them.",
    },
    "pods-intercepted": {
      title: "Traffic of pods with a sidecar is intercepted",
      code: "KUMA-CHK-113",
      todo:
        "see 'kumactl explain pod NAMESPACE/NAME'; pods that started before the CNI have to be made anew",
      about:
        "A pod whose kuma-validation or kuma-init has failed, one that kuma-cni leaves alone, and one on a node without the CNI " +
        "whose check has not passed.",
    },
    "pods-dataplanes": {
      title: "Pods of the mesh have Dataplanes",
      code: "KUMA-CHK-114",
      todo: "see 'kumactl explain pod NAMESPACE/NAME', and whether the controller runs",
      about:
        "Every pod with a sidecar that runs for half a minute has a Dataplane of its name, else nobody in the mesh reaches it. A " +
        "Dataplane whose pod is gone is a warning.",
    },
    "pods-meshes": {
      title: "The meshes that pods name exist",
      code: "KUMA-CHK-115",
      todo: "create the Mesh, or correct the label kuma.io/mesh",
      about:
        "A pod's sidecar is not accepted in a mesh that does not exist, and new pods are denied.",
    },
  },
} as const satisfies SectionDefinition;

/** All of them, in their order, by what names them in JSON. */
export const CLUSTER_SECTIONS = {
  "injector": INJECTOR,
  "programs": PROGRAMS,
  "nodes": NODES,
  "pods": PODS,
} as const satisfies Readonly<Record<string, SectionDefinition>>;
