/**
 * The validating webhook for Services: the protocols that their annotations give to ports.
 *
 * @module
 */
import { SERVICE_PROTOCOL_SUFFIX } from "core/kube/annotations.ts";
import type { Problem } from "core/patch/container_patch.ts";
import { isObject, objectsIn, scalarText } from "core/patch/json.ts";
import { PROTOCOLS } from "core/dataplane/tag_rules.ts";
import { type AdmissionDecision, type AdmissionRequest, invalid, isLeaving } from "./review.ts";

const ALLOWED: AdmissionDecision = { allowed: true };

/** `N.service.kuma.io/protocol` of every port N that the Service has. */
export function validateService(request: AdmissionRequest): AdmissionDecision {
  const { object } = request;
  if (!isObject(object) || !isObject(object.spec) || request.operation === "DELETE") return ALLOWED;
  if (isLeaving(request)) return ALLOWED;
  const annotations = isObject(object.metadata) ? object.metadata.annotations : undefined;
  if (!isObject(annotations)) return ALLOWED;
  const problems: Problem[] = [];
  for (const { port } of objectsIn(object.spec.ports)) {
    const name = `${scalarText(port)}${SERVICE_PROTOCOL_SUFFIX}`;
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
