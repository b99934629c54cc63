/**
 * What a service account's token says about itself. Nothing is trusted for it: the API server checks.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** The claims that the installer uses. */
export interface Claims {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly serviceAccountUid: string;
  /** The pod that the token dies with; undefined for one that is not bound. */
  readonly pod: string | undefined;
  readonly node: string | undefined;
  /** Seconds since the epoch. */
  readonly issued: number;
  readonly expires: number;
}

/** Reads the claims of a bound service account token; undefined for any other text. */
export function claimsOf(token: string): Claims | undefined {
  const payload = token.split(".")[1];
  if (payload === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    const claims = record(value);
    const own = record(claims["kubernetes.io"]);
    const account = record(own["serviceaccount"]);
    return {
      namespace: String(own["namespace"] ?? ""),
      serviceAccount: String(account["name"] ?? ""),
      serviceAccountUid: String(account["uid"] ?? ""),
      pod: nameOf(own["pod"]),
      node: nameOf(own["node"]),
      issued: Number(claims["iat"] ?? 0),
      expires: Number(claims["exp"] ?? Infinity),
    };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Whether a token that was asked for can stay: it is of the same account as the pod's own, and three
 * quarters of its life are left. So the plugin has at least that long after the installer is gone.
 */
export function isFresh(token: string, own: Claims, now: number): boolean {
  const claims = claimsOf(token);
  return claims !== undefined && claims.pod === undefined &&
    claims.serviceAccountUid === own.serviceAccountUid &&
    claims.expires - now > 0.75 * (claims.expires - claims.issued);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

function nameOf(value: unknown): string | undefined {
  const name = record(value)["name"];
  return typeof name === "string" ? name : undefined;
}
