/**
 * Which token the plugin gets.
 *
 * The token that kubelet projects into this pod dies with the pod: with it, no meshed pod could start
 * or stop while the DaemonSet is being replaced (the API answers 401). So the installer asks for a token of
 * the same service account that is bound to no pod (TokenRequest; RBAC: `create` on
 * `serviceaccounts/token` of its own account), and for a new one when a quarter of its life is over. Where that is
 * refused, the plugin gets the pod's own token, rewritten as it rotates.
 *
 * @module
 */
import { accountIn } from "core/cluster/credentials.ts";
import { errorText, KumaError } from "core/errors.ts";
import { ask, path } from "./api.ts";
import { type Credential, readKubeconfig, tokenIn } from "./kubeconfig.ts";
import type { Places } from "./program/places.ts";
import type { Settings } from "./settings/settings.ts";
import { claimsOf, isFresh } from "./token.ts";

/** A credential and where it comes from. */
export interface PluginCredential extends Credential {
  readonly source: "requested" | "projected";
  /** Milliseconds since the epoch. */
  readonly expires: number;
  /** Why it is not a fresh token of the plugin's own, if it is not. */
  readonly shortcoming?: string;
}

/**
 * The pod's own token and the CA, read now.
 *
 * @throws {KumaError} `KUMA-INS-040`
 */
export function ownCredential(settings: Settings): Credential {
  const { serviceAccountDir, caFile } = settings;
  const { token, caPem: ca } = withCode(() => accountIn(serviceAccountDir, caFile));
  // It goes into a YAML string too: nothing but a token may.
  if (/^[A-Za-z0-9._~+/=-]+$/.test(token)) return { token, ca };
  throw new KumaError("KUMA-INS-040", `"${serviceAccountDir}/token" holds no token`);
}

function withCode<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw cause instanceof KumaError
      ? new KumaError("KUMA-INS-040", cause.message, { cause })
      : cause;
  }
}

/**
 * The plugin's credential: the requested token in the kubeconfig while it is fresh, else a new one, else the
 * pod's own.
 *
 * @throws {KumaError} `KUMA-INS-040` when even that cannot be read
 */
export async function pluginCredential(
  settings: Settings,
  places: Places,
  server: string,
): Promise<PluginCredential> {
  const own = ownCredential(settings);
  const claims = claimsOf(own.token);
  const fallback: PluginCredential = {
    ...own,
    source: "projected",
    expires: (claims?.expires ?? Infinity) * 1000,
  };
  if (claims === undefined || settings.tokenLifetime === 0) return fallback;
  const present = tokenIn(readKubeconfig(places) ?? "", server, own.ca);
  const now = Date.now();
  if (present !== undefined && isFresh(present, claims, now / 1000)) {
    return requested(present, own.ca);
  }
  try {
    return requested(await requestToken(settings, server, own), own.ca);
  } catch (error) {
    // One that is no longer fresh but still lives outlasts this pod; the pod's own does not.
    const old = present === undefined ? undefined : claimsOf(present);
    const lives = old?.pod === undefined && old?.serviceAccountUid === claims.serviceAccountUid &&
      old.expires * 1000 > now + settings.tokenIntervalMs * 2;
    const shortcoming = errorText(error);
    return present !== undefined && lives
      ? { ...requested(present, own.ca), shortcoming }
      : { ...fallback, shortcoming };
  }
}

function requested(token: string, ca: string): PluginCredential {
  return {
    token,
    ca,
    source: "requested",
    expires: (claimsOf(token)?.expires ?? Infinity) * 1000,
  };
}

async function requestToken(
  settings: Settings,
  server: string,
  own: Credential,
): Promise<string> {
  const claims = claimsOf(own.token);
  const account = path(
    "/api/v1/namespaces",
    claims?.namespace ?? "",
    "serviceaccounts",
    claims?.serviceAccount ?? "",
    "token",
  );
  const answer = await ask(server, own, account, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds: Math.max(600, settings.tokenLifetime) },
  });
  const status = answer.body["status"] as { token?: unknown } | undefined;
  if (answer.status === 201 && typeof status?.token === "string") return status.token;
  throw new KumaError(
    "KUMA-INS-041",
    `The API server answered a token request with ${answer.status}`,
    {
      hint: "allow the CNI's service account to create serviceaccounts/token of itself",
    },
  );
}
