/**
 * The protocol of a Service's port.
 *
 * @module
 */
import { SERVICE_PROTOCOL_SUFFIX } from "core/kube/annotations.ts";
import type { ServiceFacts, ServicePortFacts } from "./facts.ts";
import { annotationField } from "./annotation_reader.ts";
import { type Problems, shown } from "./problems.ts";
import { PROTOCOLS } from "./tag_rules.ts";

/**
 * `appProtocol` where Kuma knows it, else the Service's annotation for that port, else `tcp`; in small letters.
 * The name of the port says nothing. An annotation that names no protocol is a problem: Kuma's own webhook
 * refuses the whole Dataplane then.
 */
export function protocolOf(
  service: ServiceFacts,
  { port, appProtocol }: ServicePortFacts,
  problems: Problems,
): string {
  const known = appProtocol.toLowerCase();
  if (PROTOCOLS.includes(known)) return known;
  const name = `${port}${SERVICE_PROTOCOL_SUFFIX}`;
  const own = Object.hasOwn(service.protocols, name) ? service.protocols[name] ?? "" : "";
  const wanted = own === "" ? "tcp" : own.toLowerCase();
  if (!PROTOCOLS.includes(wanted)) {
    problems.add(
      `Service ${service.name} ${annotationField(name)}`,
      `value ${shown(own)} is not valid. Allowed values: ${PROTOCOLS.join(", ")}`,
    );
  }
  return wanted;
}
