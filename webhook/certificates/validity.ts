/**
 * Whether a certificate is of this time. Read with what the runtime has: files need no X.509 library.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { errorText, KumaError } from "core/errors.ts";

/**
 * Why no client accepts the certificate now; undefined where its time is right. Throws `KUMA-WH-022` for
 * what is no certificate.
 */
export function outOfTime(pem: string, now = new Date()): string | undefined {
  const { validFrom, validTo } = read(pem);
  const [from, to] = [new Date(validFrom), new Date(validTo)];
  if (now > to) return `the certificate ended on ${to.toISOString()}`;
  if (now < from) return `the certificate begins on ${from.toISOString()}`;
  return undefined;
}

function read(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new KumaError(
      "KUMA-WH-022",
      `The serving certificate cannot be used: it is no certificate in PEM (${errorText(cause)})`,
      { cause },
    );
  }
}
