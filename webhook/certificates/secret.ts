/**
 * Certificates that the webhook makes itself: kept in a Secret that all replicas share, renewed before
 * they end, their CA written into the webhook configurations.
 *
 * An empty Secret is filled; one that has keys of ours is mended where it is broken, and keeps its type,
 * its labels and whatever else is in it; one with none of our keys is somebody else's and never touched.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import { ApiError, type KubeClient } from "core/cluster/client.ts";
import type { PairSource } from "./file_pair.ts";
import { createAuthority, issueServer } from "./issue.ts";
import { type Material, renewed } from "./renewal.ts";
import { trustAuthority } from "./trust.ts";

/** What to keep where. */
export interface SecretOptions {
  readonly connection: KubeClient;
  readonly namespace: string;
  readonly secret: string;
  /** Name of the Service that API servers call. */
  readonly service: string;
  readonly log: Logger;
  readonly intervalMs?: number;
  readonly now?: () => Date;
}

/** How often a lost race is run again. */
const ATTEMPTS = 5;

/**
 * A source that makes, renews and shares the pair. Replicas race safely: who creates or updates the
 * Secret first wins (409 for the others), the others read it.
 */
export function secretSource(options: SecretOptions): PairSource {
  return {
    intervalMs: options.intervalMs ?? 30_000,
    // The API server may start later than this program, and its permissions later still.
    standIn: async () => issueServer(await createAuthority(), serviceNames(options)),
    async current() {
      const material = await settled(options);
      await trustAuthority({ ...options, bundle: material.bundle });
      return material.server;
    },
  };
}

async function settled(options: SecretOptions): Promise<Material> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await readSecret(options);
    const material = found === undefined ? undefined : materialOf(found, options);
    const next = await renewed(material, serviceNames(options), options.now?.() ?? new Date());
    if (next === material) return next;
    if (await writeSecret(options, found, next)) {
      // Not called "secret": what a field of that name holds is never shown.
      options.log.info("certificate made", { keptIn: `${options.namespace}/${options.secret}` });
      return next;
    }
  }
  throw new KumaError(
    "KUMA-WH-022",
    `Secret ${options.namespace}/${options.secret} is being changed by others all the time`,
  );
}

/** The names that API servers use for a Service. */
function serviceNames(options: { service: string; namespace: string }): string[] {
  const short = `${options.service}.${options.namespace}`;
  return [`${short}.svc`, short, `${short}.svc.cluster.local`];
}

function path({ namespace, secret }: SecretOptions): string {
  const part = encodeURIComponent;
  return `/api/v1/namespaces/${part(namespace)}/secrets/${part(secret)}`;
}

async function readSecret(options: SecretOptions): Promise<JsonObject | undefined> {
  try {
    const secret = await options.connection.json(path(options));
    return isObject(secret) ? secret : undefined;
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.status === 404) return undefined;
    throw thrown;
  }
}

/** Keys that nobody but this program writes. */
const OURS = ["ca-own.crt", "ca.key"];

/**
 * What the Secret holds; parts may be missing or garbage. `undefined` for an empty one. Throws for what
 * somebody else put there: it is the only copy, perhaps.
 */
function materialOf(secret: JsonObject, options: SecretOptions): Material | undefined {
  const data = isObject(secret.data) ? secret.data : {};
  const keys = Object.keys(data);
  if (keys.length === 0) return undefined;
  if (!keys.some((key) => OURS.includes(key))) {
    throw new KumaError(
      "KUMA-WH-022",
      `Secret ${options.namespace}/${options.secret} (${String(secret.type)}: ${
        keys.join(", ")
      }) ` +
        "was not made by this webhook and is left as it is",
      { hint: "delete it, or name another with --tls-secret, or mount it and set certDir" },
    );
  }
  const read = (key: string) => {
    const value = data[key];
    return typeof value === "string" ? new TextDecoder().decode(Uint8Array.fromBase64(value)) : "";
  };
  return {
    bundle: read("ca.crt"),
    ca: { certificate: read("ca-own.crt"), key: read("ca.key") },
    server: { certificate: read("tls.crt"), key: read("tls.key") },
  };
}

/** False where somebody else was faster. */
async function writeSecret(
  options: SecretOptions,
  old: JsonObject | undefined,
  material: Material,
): Promise<boolean> {
  const encode = (text: string) => new TextEncoder().encode(text).toBase64();
  const body: JsonObject = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: options.secret, namespace: options.namespace },
    // Labels, further keys and the type, which cannot be changed, stay; the version guards them.
    type: "kubernetes.io/tls",
    ...old,
    data: {
      ...isObject(old?.data) ? old.data : {},
      "ca.crt": encode(material.bundle),
      "ca-own.crt": encode(material.ca.certificate),
      "ca.key": encode(material.ca.key),
      "tls.crt": encode(material.server.certificate),
      "tls.key": encode(material.server.key),
    },
  };
  const collection = path(options).replace(/\/[^/]*$/, "");
  try {
    await options.connection.json(old === undefined ? collection : path(options), {
      method: old === undefined ? "POST" : "PUT",
      body,
    });
    return true;
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.status === 409) return false;
    throw thrown;
  }
}
