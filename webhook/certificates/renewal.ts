/**
 * What is due of our own certificates, decided from what the Secret holds and the time.
 *
 * A new CA is first only added to the bundle, with the serving certificate of the old one still in use:
 * API servers learn of a changed webhook configuration when their watch tells them, and each replica of
 * the webhook when it next reads the Secret. Only after a while is a certificate of the new CA served.
 *
 * @module
 */
import type { CertificatePair } from "../server/tls_generation.ts";
import { createAuthority, describeCertificate, isDue, isIssuedBy, issueServer } from "./issue.ts";

/** The Secret's content. `bundle` holds the CA, and the one before it while that may be in use. */
export interface Material {
  readonly bundle: string;
  readonly ca: CertificatePair;
  readonly server: CertificatePair;
}

/** From adding a CA to serving a certificate of it. Replicas look every half minute. */
export const SETTLE_MS = 10 * 60_000;
/** Certificates begin this long before they are made: see issue.ts. */
const BACKDATE_MS = 5 * 60_000;

/** The same material where nothing is due; otherwise what to write in its place. */
export async function renewed(
  old: Material | undefined,
  names: readonly string[],
  now: Date,
): Promise<Material> {
  if (old === undefined) {
    const ca = pairOf(await createAuthority(now));
    return { bundle: ca.certificate, ca, server: await issueServer(ca, names, now) };
  }
  if (isDue(old.ca.certificate, now)) {
    const ca = pairOf(await createAuthority(now));
    const bundle = `${ca.certificate.trim()}\n${old.ca.certificate}`;
    // What has ended is trusted by nobody: then there is nothing to wait for.
    const server = isOver(old.server.certificate, now) || isOver(old.ca.certificate, now)
      ? await issueServer(ca, names, now)
      : old.server;
    return { bundle, ca, server };
  }
  return await serverDue(old, names, now)
    ? { ...old, server: await issueServer(old.ca, names, now) }
    : old;
}

async function serverDue(
  { ca, server }: Material,
  names: readonly string[],
  now: Date,
): Promise<boolean> {
  const current = describeCertificate(server.certificate);
  if (current.notAfter <= now) return true;
  const born = describeCertificate(ca.certificate).notBefore.getTime() + BACKDATE_MS;
  const isNew = now.getTime() - born < SETTLE_MS;
  const isOurs = await isIssuedBy(server.certificate, ca.certificate);
  if (!isOurs) return !isNew;
  return isDue(server.certificate, now) || names.some((name) => !current.names.includes(name));
}

function isOver(certificate: string, now: Date): boolean {
  return describeCertificate(certificate).notAfter <= now;
}

function pairOf({ certificate, key }: CertificatePair): CertificatePair {
  return { certificate, key };
}
