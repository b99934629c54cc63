/**
 * What is due of our own certificates, decided from what the Secret holds and the time.
 *
 * A new CA is first only added to the bundle, with the serving certificate of the old one still in use:
 * API servers learn of a changed webhook configuration when their watch tells them, and each replica of
 * the webhook when it next reads the Secret. Only after a while is a certificate of the new CA served.
 *
 * @module
 */
import type { CertificatePair } from "core/serve/tls_generation.ts";
import { createAuthority, describeCertificate, isDue, isIssuedBy, issueServer } from "./issue.ts";
import { blocks, isSound, soundBundle } from "./soundness.ts";

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

/**
 * The same material where nothing is due; otherwise what to write in its place. Parts that are missing or
 * cannot be used are made anew, and whatever others may still serve with stays trusted.
 */
export async function renewed(
  given: Material | undefined,
  names: readonly string[],
  now: Date,
): Promise<Material> {
  if (given === undefined || !await isSound(given.ca)) {
    const ca = pairOf(await createAuthority(now));
    const bundle = soundBundle(given?.bundle ?? "", ca.certificate);
    // A certificate that is still trusted stays in use until the new CA is known, as in a renewal.
    const server = given !== undefined && await isTrusted(given.server, bundle, now)
      ? given.server
      : await issueServer(ca, names, now);
    return { bundle, ca, server };
  }
  const bundle = soundBundle(given.bundle, given.ca.certificate);
  const isWhole = await isSound(given.server);
  const server = isWhole ? given.server : await issueServer(given.ca, names, now);
  const old = isWhole && bundle === given.bundle ? given : { bundle, ca: given.ca, server };
  if (isDue(old.ca.certificate, now)) {
    const ca = pairOf(await createAuthority(now));
    const both = `${ca.certificate.trim()}\n${old.ca.certificate}`;
    // What has ended is trusted by nobody: then there is nothing to wait for.
    const next = isOver(old.server.certificate, now) || isOver(old.ca.certificate, now)
      ? await issueServer(ca, names, now)
      : old.server;
    return { bundle: both, ca, server: next };
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

async function isTrusted(pair: CertificatePair, bundle: string, now: Date): Promise<boolean> {
  if (!await isSound(pair) || isOver(pair.certificate, now)) return false;
  const issued = blocks(bundle).map((authority) => isIssuedBy(pair.certificate, authority));
  return (await Promise.all(issued)).includes(true);
}

function isOver(certificate: string, now: Date): boolean {
  return describeCertificate(certificate).notAfter <= now;
}

function pairOf({ certificate, key }: CertificatePair): CertificatePair {
  return { certificate, key };
}
