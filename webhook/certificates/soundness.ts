/**
 * Whether what a Secret holds can still be used: hands, tools and half-done restores change Secrets.
 *
 * @module
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { CertificatePair } from "core/serve/tls_generation.ts";
import { ALGORITHM } from "./issue.ts";

/** Whether both can be read, are of our kind, and belong together. */
export async function isSound({ certificate, key }: CertificatePair): Promise<boolean> {
  try {
    const { publicKey } = new x509.X509Certificate(certificate);
    const pkcs8 = x509.PemConverter.decodeFirst(key);
    const own = await crypto.subtle.importKey("pkcs8", pkcs8, ALGORITHM, false, ["sign"]);
    const probe = new TextEncoder().encode("kuma-webhook");
    const signature = await crypto.subtle.sign(ALGORITHM, own, probe);
    const theirs = await publicKey.export(ALGORITHM, ["verify"], crypto);
    return await crypto.subtle.verify(ALGORITHM, theirs, signature, probe);
  } catch {
    return false; // what cannot be read is not sound: that is the question
  }
}

/**
 * The bundle as it is where it has the CA and nothing that cannot be read, which API servers refuse as a
 * whole. Otherwise the CA and the first other certificate that can be read.
 */
export function soundBundle(bundle: string, ca: string): string {
  const all = blocks(bundle);
  const others = all.filter((pem) => pem !== ca.trim() && isReadable(pem));
  const isComplete = all.length > 0 && all.join("\n") === bundle.trim() && all.every(isReadable);
  if (isComplete && all.includes(ca.trim())) return bundle;
  return [ca.trim(), ...others.slice(0, 1)].join("\n");
}

/** The certificates of a text, PEM each. */
export function blocks(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}

function isReadable(pem: string): boolean {
  try {
    return new x509.X509Certificate(pem).notAfter instanceof Date;
  } catch {
    return false;
  }
}
