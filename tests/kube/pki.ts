/**
 * The keys and certificates of a throw-away cluster: one CA, the API server's certificate, an
 * administrator's, and the key that signs service-account tokens.
 *
 * @module
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

/** A private key and what proves it, both PEM. */
export interface KeyPair {
  key: string;
  certificate: string;
}

/** Everything that a cluster's two servers and its administrator need. */
export interface ClusterPki {
  caPem: string;
  server: KeyPair;
  admin: KeyPair;
  /** Those of {@linkcode PkiOptions.clients}, by name. */
  clients: Readonly<Record<string, KeyPair>>;
  /** PKCS #8 private and SPKI public key, PEM. */
  serviceAccounts: { privateKey: string; publicKey: string };
}

const EC = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 24 * 3600 * 1000;

/** Whom a cluster has beside its servers. */
export interface PkiOptions {
  /** Further addresses of the API server. */
  readonly addresses?: readonly string[];
  /** Subjects of further client certificates by name, such as `CN=system:node:a, O=system:nodes`. */
  readonly clients?: Readonly<Record<string, string>>;
}

/** Makes new keys and certificates, valid for 30 days from an hour ago. */
export async function createPki(options: PkiOptions = {}): Promise<ClusterPki> {
  const authority = await crypto.subtle.generateKey(EC, true, ["sign", "verify"]);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=test-cluster-ca",
    keys: authority,
    signingAlgorithm: EC,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  const issuer = { ca, key: authority.privateKey };
  const tokens = await crypto.subtle.generateKey(EC, true, ["sign", "verify"]);
  return {
    caPem: ca.toString("pem"),
    server: await issue(issuer, "CN=kube-apiserver", [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"].map(
          (value) => ({ type: "dns" as const, value }),
        ),
        ...["127.0.0.1", "::1", "10.0.0.1", ...options.addresses ?? []]
          .map((value) => ({ type: "ip" as const, value })),
      ]),
    ]),
    admin: await issueClient(issuer, "CN=test-admin, O=system:masters"),
    clients: Object.fromEntries(
      await Promise.all(
        Object.entries(options.clients ?? {}).map(async ([name, subject]) =>
          [name, await issueClient(issuer, subject)] as const
        ),
      ),
    ),
    serviceAccounts: {
      privateKey: await privatePem(tokens.privateKey),
      publicKey: x509.PemConverter.encode(
        await crypto.subtle.exportKey("spki", tokens.publicKey),
        "PUBLIC KEY",
      ),
    },
  };
}

function issueClient(issuer: Issuer, subject: string): Promise<KeyPair> {
  const usage = new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]);
  return issue(issuer, subject, [usage]);
}

interface Issuer {
  readonly ca: x509.X509Certificate;
  readonly key: CryptoKey;
}

async function issue(
  issuer: Issuer,
  subject: string,
  extensions: x509.Extension[],
): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(EC, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer.ca.subject,
    publicKey: keys.publicKey,
    signingKey: issuer.key,
    signingAlgorithm: EC,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      ...extensions,
    ],
  });
  return { key: await privatePem(keys.privateKey), certificate: certificate.toString("pem") };
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - 3600_000), notAfter: new Date(now + 30 * DAY_MS) };
}

async function privatePem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}
