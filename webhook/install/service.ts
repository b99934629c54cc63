/**
 * The Service that API servers call.
 *
 * @module
 */
import type { V1Service } from "@kubernetes/client-node";
import { named, SELECTOR } from "./names.ts";

/** The name of the container's port, which the Service and the probes refer to. */
export const PORT_NAME = "https";

/** Port 443, which webhook configurations mean when they name none, to the pods' own. */
export function service(name: string, namespace: string): V1Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: named(name, namespace),
    spec: {
      selector: { ...SELECTOR },
      ports: [{ name: "https-admission-server", port: 443, targetPort: PORT_NAME }],
    },
  };
}
