/**
 * A CA of our own, and the serving certificate that it signs.
 *
 * @module
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { CertificatePair } from "core/serve/tls_generation.ts";

/** ECDSA on P-256: small, quick, known to every API server. */
export const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;
/** As Kuma's chart: ten years for the CA. */
const CA_DAYS = 3650;
const LEAF_DAYS = 365;

/** A CA, PEM. */
export interface Authority extends CertificatePair {
  readonly notAfter: Date;
}

/** Makes a CA named `kuma-ca`. */
export async function createAuthority(now = new Date()): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=kuma-ca",
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(now, CA_DAYS),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificate: certificate.toString("pem"),
    key: await privatePem(keys.privateKey),
    notAfter: certificate.notAfter,
  };
}

/** Signs a serving certificate for these DNS names; the first is the common name. */
export async function issueServer(
  authority: CertificatePair,
  names: readonly string[],
  now = new Date(),
  days = LEAF_DAYS,
): Promise<CertificatePair> {
  const ca = new x509.X509Certificate(authority.certificate);
  const signingKey = await crypto.subtle.importKey(
    "pkcs8",
    x509.PemConverter.decodeFirst(authority.key),
    ALGORITHM,
    false,
    ["sign"],
  );
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${names[0] ?? "kuma-webhook"}`,
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    ...validity(now, days),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: "dns" as const, value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(ca),
    ],
  });
  return { certificate: certificate.toString("pem"), key: await privatePem(keys.privateKey) };
}

/** When a certificate begins and ends, and which DNS names it has. */
export function describeCertificate(pem: string): {
  notBefore: Date;
  notAfter: Date;
  names: string[];
} {
  const certificate = new x509.X509Certificate(pem);
  const extension = certificate.getExtension(x509.SubjectAlternativeNameExtension);
  const names = (extension?.names.items ?? []).filter((name) => name.type === "dns");
  return {
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    names: names.map((name) => name.value),
  };
}

/** Whether this CA's key signed the certificate; other CAs of ours have the same name. */
export async function isIssuedBy(pem: string, authority: string): Promise<boolean> {
  const { publicKey } = new x509.X509Certificate(authority);
  return await new x509.X509Certificate(pem).verify({ publicKey, signatureOnly: true });
}

/** Two thirds of its life are over: time for the next one. */
export function isDue(pem: string, now = new Date()): boolean {
  const { notBefore, notAfter } = describeCertificate(pem);
  const life = notAfter.getTime() - notBefore.getTime();
  return now.getTime() > notBefore.getTime() + life * 2 / 3;
}

/** From five minutes ago: clocks of a cluster differ. */
function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(now.getTime() - 5 * 60_000),
    notAfter: new Date(now.getTime() + days * DAY_MS),
  };
}

async function privatePem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}
