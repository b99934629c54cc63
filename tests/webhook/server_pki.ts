/**
 * Certificates for tests of the admission server.
 */
import type { CertificatePair } from "core/serve/tls_generation.ts";
import { createAuthority, issueServer } from "../../webhook/certificates/issue.ts";

/** A CA that issues pairs for `localhost`. */
export async function testAuthority(): Promise<
  { caPem: string; issue: () => Promise<CertificatePair> }
> {
  const authority = await createAuthority();
  return {
    caPem: authority.certificate,
    issue: () => issueServer(authority, ["localhost"]),
  };
}

/** An AdmissionReview of a ConfigMap of this name; `padding` makes it that many bytes longer. */
export function reviewText(name: string, padding = 0): string {
  return JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: crypto.randomUUID(),
      kind: { group: "", version: "v1", kind: "ConfigMap" },
      operation: "CREATE",
      namespace: "default",
      name,
      object: { metadata: { name }, data: { padding: "x".repeat(padding) } },
    },
  });
}
