/**
 * The injector's certificate, judged as an API server would: whether a CA that it knows has signed it, for the name that
 * it calls, and for this time. Read with what the runtime has: no X.509 library is loaded.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { errorText } from "core/errors.ts";

/** Days before the end from which on it is said. */
const SOON_DAYS = 14;
const DAY_MS = 86_400_000;
/** Certificates of a chain that are followed at most. */
const DEEPEST = 5;

/** The certificates of a PEM text. Throws a `TypeError` for one that cannot be read, as an API server refuses all then. */
export function certificatesOf(pem: string, what: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new TypeError(`${what} holds a certificate that cannot be read: ${errorText(cause)}`, {
        cause,
      });
    }
  });
}

/** Why an API server with these CAs would refuse a serving certificate (and its intermediates); undefined where it would not. */
export function whyUntrusted(
  [leaf, ...intermediates]: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  host: string,
): string | undefined {
  if (leaf === undefined) return "there is no certificate in it";
  if (leaf.checkHost(host, { subject: "never" }) === undefined) {
    return `the certificate is not for ${host}, but for ${leaf.subjectAltName ?? "no name"}`;
  }
  let current: X509Certificate | undefined = leaf;
  for (let depth = 0; current !== undefined && depth < DEEPEST; depth++) {
    const one: X509Certificate = current;
    if (authorities.some((ca) => signed(one, ca) || ca.fingerprint256 === one.fingerprint256)) {
      return undefined;
    }
    current = intermediates.find((between) => between !== one && signed(one, between));
  }
  return `no CA in caBundle has signed it (its issuer is ${leaf.issuer.replaceAll("\n", ", ")})`;
}

function signed(certificate: X509Certificate, by: X509Certificate): boolean {
  return certificate.checkIssued(by) && certificate.verify(by.publicKey);
}

/** How long a certificate still holds. */
export type Lasting =
  | { readonly is: "good"; readonly until: string }
  | { readonly is: "soon"; readonly why: string }
  | { readonly is: "over"; readonly why: string };

/** Judges the time of a certificate. */
export function lasting({ validFrom, validTo }: X509Certificate, now: Date): Lasting {
  const [from, to] = [new Date(validFrom), new Date(validTo)];
  const day = (time: Date) => time.toISOString().slice(0, 10);
  if (now > to) return { is: "over", why: `it ended on ${day(to)}` };
  if (now < from) return { is: "over", why: `it begins on ${day(from)}` };
  const days = Math.floor((to.getTime() - now.getTime()) / DAY_MS);
  return days < SOON_DAYS
    ? { is: "soon", why: `it ends on ${day(to)}, in ${days} days` }
    : { is: "good", until: day(to) };
}
