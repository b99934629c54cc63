/**
 * The certificate that the injector serves with, from its Secret.
 *
 * @module
 */
import type { X509Certificate } from "node:crypto";
import { failed, type Outcome, unknown } from "core/check/outcome.ts";
import { valueOf } from "core/cluster/reader.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import { certificatesOf } from "./certificate.ts";
import { type ClusterSubject, unread } from "./subject.ts";
import type { CalledService } from "./webhook_facts.ts";

/** The chain, or why there is none. */
export type ServingCertificate =
  | { readonly is: "found"; readonly secret: string; readonly chain: readonly X509Certificate[] }
  | { readonly is: "not"; readonly outcome: Outcome };

/** The Secret that our webhook makes, where nothing else is said. */
const OURS = "kuma-webhook-tls";

/** Reads it: of the Secret that the program is told, or that it mounts. */
export async function servingCertificate(
  subject: ClusterSubject,
  { namespace }: CalledService,
): Promise<ServingCertificate> {
  const names = await secretNames(subject);
  let last: Outcome = unknown("it is not known which Secret has the certificate");
  for (const name of names) {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${
      encodeURIComponent(name)
    }`;
    const found = await subject.reader.get(path);
    const secret = `${namespace}/${name}`;
    if (found.is === "unreadable") last = unread(found);
    else if (found.is === "absent") last = failed(`Secret ${secret} is not there`);
    else {
      const pem = certificateIn(found.value);
      // Others are mounted, too: a CA for sidecars, or tokens.
      if (pem === undefined) last = failed(`Secret ${secret} has no tls.crt`);
      else return { is: "found", secret, chain: certificatesOf(pem, `Secret ${secret}`) };
    }
  }
  return { is: "not", outcome: last };
}

async function secretNames(subject: ClusterSubject): Promise<string[]> {
  const programs = valueOf(await subject.deployments()) ?? [];
  const program = programs.find(({ container }) => container === "kuma-webhook") ??
    programs.find(({ container }) => container === "control-plane");
  if (program === undefined) return [OURS];
  const told = program.args.findLast((one) => one.startsWith("--tls-secret="))?.slice(
    "--tls-secret=".length,
  );
  return [...new Set([...program.secrets, ...told === undefined ? [] : [told]])];
}

function certificateIn({ data }: JsonObject): string | undefined {
  const value = isObject(data) ? data["tls.crt"] : undefined;
  if (typeof value !== "string") return undefined;
  return new TextDecoder().decode(Uint8Array.fromBase64(value));
}
