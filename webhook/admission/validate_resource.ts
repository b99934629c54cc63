/**
 * The validating webhooks: ContainerPatch, and the protocol annotations of Services.
 *
 * @module
 */
import { SERVICE_PROTOCOL_SUFFIX } from "core/kube/annotations.ts";
import { containerPatchProblems, type Problem } from "core/patch/container_patch.ts";
import { isObject } from "core/patch/json.ts";
import type { ContainerSchema } from "core/patch/schema.ts";
import { objectsIn } from "../inject/pod.ts";
import { type AdmissionRequest, denied, invalid, type Verdict } from "./review.ts";

const ALLOWED: Verdict = { allowed: true };

/**
 * A ContainerPatch may only be in the system namespace, and what can never work is refused. Other kinds
 * of `kuma.io` are the control plane's business and pass.
 */
export function validateResource(
  request: AdmissionRequest,
  systemNamespace: string,
  schema: ContainerSchema,
): Verdict {
  if (request.kind !== "ContainerPatch") return ALLOWED;
  if (request.namespace !== systemNamespace) {
    // Misplaced ones have no effect and must be possible to remove.
    if (request.operation === "DELETE") return ALLOWED;
    return denied(
      `ContainerPatch can only be placed in ${systemNamespace} namespace. It can be however ` +
        "referenced by pods in all namespaces",
    );
  }
  if (request.operation === "DELETE") return ALLOWED;
  const problems = containerPatchProblems(request.object ?? null, schema);
  return problems.length === 0 ? ALLOWED : invalid("ContainerPatch", request.name, problems);
}

const PROTOCOLS = ["grpc", "http", "http2", "kafka", "tcp", "tls"];

/** `N.service.kuma.io/protocol` of every port N that the Service has. */
export function validateService(request: AdmissionRequest): Verdict {
  const { object } = request;
  if (!isObject(object) || !isObject(object.spec) || request.operation === "DELETE") return ALLOWED;
  const annotations = isObject(object.metadata) ? object.metadata.annotations : undefined;
  if (!isObject(annotations)) return ALLOWED;
  const problems: Problem[] = [];
  for (const { port } of objectsIn(object.spec.ports)) {
    const name = `${String(port)}${SERVICE_PROTOCOL_SUFFIX}`;
    const value = Object.hasOwn(annotations, name) ? annotations[name] : undefined;
    if (typeof value !== "string" || PROTOCOLS.includes(value.toLowerCase())) continue;
    problems.push({
      field: `metadata.annotations["${name}"]`,
      message: `value ${JSON.stringify(value)} is not valid. Allowed values: ${
        PROTOCOLS.join(", ")
      }`,
    });
  }
  return problems.length === 0 ? ALLOWED : invalid("Service", request.name, problems);
}
