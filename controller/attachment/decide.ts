/**
 * Which namespaces have a NetworkAttachmentDefinition, by which Multus runs the plugin for their pods.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { LABELS } from "core/kube/annotations.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";

/** Name of the object, which the injector writes into pods' `k8s.v1.cni.cncf.io/networks`. */
export const ATTACHMENT_NAME = "kuma-cni";
const MANAGED_BY = "app.kubernetes.io/managed-by";
const MANAGER = "kuma-controller";
const VALUES = new Set(["true", "yes", "enabled", "false", "no", "disabled"]);

/** What is looked at of a namespace. */
export interface NamespaceView {
  readonly terminating: boolean;
  /** Value of the label `kuma.io/sidecar-injection`; undefined without it. */
  readonly injection: string | undefined;
}

/** What is looked at of an object of that name. */
export interface AttachmentView {
  /** Made here, or as Kuma's control plane makes it: Multus is to read the node's own config file. */
  readonly ours: boolean;
  /** `spec.config`. */
  readonly config: string;
}

/** What to do: `foreign` is somebody else's object, which is left alone. */
export type AttachmentStep = "create" | "repair" | "delete" | "foreign" | "none";

/**
 * Decides. A namespace with the label has the object whatever the label says: `disabled` is how pods outside of
 * a mesh have it. Pure.
 *
 * @throws {KumaError} `KUMA-CTL-006` the label is no switch.
 */
export function decideAttachment(
  name: string,
  namespace: NamespaceView | undefined,
  attachment: AttachmentView | undefined,
): AttachmentStep {
  if (namespace === undefined || namespace.terminating) return "none";
  const { injection } = namespace;
  if (injection === undefined) {
    if (attachment === undefined) return "none";
    return attachment.ours ? "delete" : "foreign";
  }
  if (!VALUES.has(injection)) {
    throw new KumaError(
      "KUMA-CTL-006",
      `label ${LABELS.sidecarInjection} of namespace ${name} is "${injection}"`,
      { hint: "use enabled or disabled" },
    );
  }
  if (attachment === undefined) return "create";
  if (attachment.config === "") return "none";
  return attachment.ours ? "repair" : "foreign";
}

/** The object for a namespace. With an empty config Multus takes the file of that name on the node. */
export function attachmentFor(namespace: string): JsonObject {
  return {
    apiVersion: "k8s.cni.cncf.io/v1",
    kind: "NetworkAttachmentDefinition",
    metadata: { name: ATTACHMENT_NAME, namespace, labels: { [MANAGED_BY]: MANAGER } },
    spec: { config: "" },
  };
}

/** The view of a Namespace. */
export function viewNamespace(object: JsonObject): NamespaceView {
  const metadata = isObject(object.metadata) ? object.metadata : {};
  const labels = isObject(metadata.labels) ? metadata.labels : {};
  const status = isObject(object.status) ? object.status : {};
  const injection = labels[LABELS.sidecarInjection];
  return {
    terminating: status.phase === "Terminating",
    injection: typeof injection === "string" ? injection : undefined,
  };
}

/** The view of a NetworkAttachmentDefinition of our name; undefined for others. */
export function viewAttachment(object: JsonObject): AttachmentView | undefined {
  const metadata = isObject(object.metadata) ? object.metadata : {};
  if (metadata.name !== ATTACHMENT_NAME) return undefined;
  const labels = isObject(metadata.labels) ? metadata.labels : {};
  const spec = isObject(object.spec) ? object.spec : {};
  const config = typeof spec.config === "string" ? spec.config : "";
  return { ours: labels[MANAGED_BY] === MANAGER || config === "", config };
}
