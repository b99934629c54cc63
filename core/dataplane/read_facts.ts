/**
 * Reads objects of the API server for what is looked at in them. What is not shaped as it should be counts as
 * absent: the API server holds the shapes.
 *
 * @module
 */
import { ANNOTATIONS, LABELS, SERVICE_PROTOCOL_SUFFIX } from "core/kube/annotations.ts";
import { isObject, type Json, type JsonObject, objectsIn, own } from "core/patch/json.ts";
import type { NamespaceFacts, OwnerFacts, ServiceFacts, SliceFacts, Texts } from "./facts.ts";

/** Label that joins an EndpointSlice with its Service. */
export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

/** A text; empty where it is anything else. */
export function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** `metadata` of an object. */
export function metadataOf(object: JsonObject): JsonObject {
  return isObject(object.metadata) ? object.metadata : {};
}

/** A map of texts, as far as it holds such and `wanted` takes their names. */
export function textsOf(
  value: Json | undefined,
  wanted: (name: string) => boolean = () => true,
): Texts {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] =>
      typeof entry[1] === "string" && wanted(entry[0])
    ),
  );
}

/** A whole number; 0 for anything else. */
export function numberOf(value: Json | undefined): number {
  return typeof value === "number" && Number.isInteger(value) ? value : 0;
}

/** Who owns an object, in the order written. */
export function ownersOf(object: JsonObject): OwnerFacts[] {
  return objectsIn(metadataOf(object).ownerReferences)
    .map(({ kind, name }) => ({ kind: textOf(kind), name: textOf(name) }));
}

/** A Service. */
export function readService(object: JsonObject): ServiceFacts {
  const metadata = metadataOf(object);
  const annotations = isObject(metadata.annotations) ? metadata.annotations : {};
  const spec = isObject(object.spec) ? object.spec : {};
  const selector = textsOf(spec.selector);
  const ignore = own(annotations, ANNOTATIONS.ignore);
  const headless = spec.clusterIP === "None";
  return {
    namespace: textOf(metadata.namespace),
    name: textOf(metadata.name),
    ...(Object.keys(selector).length === 0 ? {} : { selector }),
    externalName: spec.type === "ExternalName",
    headless,
    address: headless ? "" : textOf(spec.clusterIP),
    ignored: ignore === "true" || ignore === "yes" || ignore === "enabled",
    ports: objectsIn(spec.ports).map(({ name, port, protocol, targetPort, appProtocol }) => ({
      name: textOf(name),
      port: numberOf(port),
      protocol: textOf(protocol) || "TCP",
      targetPort: typeof targetPort === "string" ? targetPort : numberOf(targetPort ?? port),
      appProtocol: textOf(appProtocol),
    })),
    protocols: textsOf(annotations, (name) => name.endsWith(SERVICE_PROTOCOL_SUFFIX)),
  };
}

/** An EndpointSlice; undefined for one that belongs to no Service. */
export function readSlice(object: JsonObject): SliceFacts | undefined {
  const metadata = metadataOf(object);
  const service = textsOf(metadata.labels)[SERVICE_NAME_LABEL] ?? "";
  if (service === "") return undefined;
  const podUids = objectsIn(object.endpoints)
    .map(({ targetRef }) => isObject(targetRef) ? textOf(targetRef.uid) : "")
    .filter((uid) => uid !== "");
  return { namespace: textOf(metadata.namespace), service, podUids };
}

/** A Namespace. */
export function readNamespace(object: JsonObject): NamespaceFacts {
  const { labels, annotations } = metadataOf(object);
  return {
    terminating: isObject(object.status) && object.status.phase === "Terminating",
    meshLabel: textsOf(labels)[LABELS.mesh] ?? "",
    meshAnnotation: textsOf(annotations)[ANNOTATIONS.mesh] ?? "",
  };
}

/** The labels of a Node that are copied into tags. */
export function readNode(object: JsonObject, labelsToCopy: readonly string[]): Texts {
  return textsOf(metadataOf(object).labels, (name) => labelsToCopy.includes(name));
}
