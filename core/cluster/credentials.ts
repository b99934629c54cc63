/**
 * Which API server, and as whom: `KUBECONFIG`, else the service account of the pod.
 *
 * @module
 */
import { parse } from "yaml";
import { errorText, KumaError } from "core/errors.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";

/** How to reach the API server. */
export interface Credentials {
  /** `https://host:port`, without a slash at the end. */
  readonly url: string;
  /** PEM; `undefined` for the system's own trust. */
  readonly caCert: string | undefined;
  /** Client certificate and key, PEM. */
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
  readonly token: string | undefined;
  /** Read again now and then: the kubelet renews it. */
  readonly tokenFile: string | undefined;
}

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Finds the credentials. Throws `KUMA-WH-021` saying what is missing where. */
export function findCredentials(environment: Readonly<Record<string, string>>): Credentials {
  const path = environment.KUBECONFIG ?? "";
  if (path !== "") return fromKubeconfig(path);
  const host = environment.KUBERNETES_SERVICE_HOST ?? "";
  if (host === "") {
    throw unreachable(
      "KUBECONFIG is not set and this is no pod (KUBERNETES_SERVICE_HOST is not set)",
    );
  }
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    url: `https://${shown}:${environment.KUBERNETES_SERVICE_PORT ?? "443"}`,
    caCert: readFile(`${ACCOUNT}/ca.crt`),
    certificate: undefined,
    token: undefined,
    tokenFile: `${ACCOUNT}/token`,
  };
}

function fromKubeconfig(path: string): Credentials {
  let config: Json;
  try {
    config = parse(readFile(path)) as Json;
  } catch (cause) {
    if (cause instanceof KumaError) throw cause;
    throw unreachable(`${path}: ${errorText(cause)}`, cause);
  }
  const root = isObject(config) ? config : {};
  const context = named(root, "contexts", "context", String(root["current-context"] ?? ""), path);
  const cluster = named(root, "clusters", "cluster", String(context.cluster ?? ""), path);
  const user = named(root, "users", "user", String(context.user ?? ""), path);
  if (user.exec !== undefined || user["auth-provider"] !== undefined) {
    throw unreachable(
      `${path}: credential plugins are not supported, use a token or a certificate`,
    );
  }
  const cert = data(user, "client-certificate", path);
  const key = data(user, "client-key", path);
  return {
    url: text(cluster.server).replace(/\/+$/, ""),
    caCert: data(cluster, "certificate-authority", path),
    certificate: cert === undefined || key === undefined ? undefined : { cert, key },
    token: user.token === undefined ? undefined : text(user.token),
    tokenFile: user.tokenFile === undefined ? undefined : text(user.tokenFile),
  };
}

function named(
  root: JsonObject,
  list: string,
  key: string,
  name: string,
  path: string,
): JsonObject {
  const items = root[list];
  const found = Array.isArray(items)
    ? items.find((item) => isObject(item) && item.name === name)
    : undefined;
  const value = isObject(found) ? found[key] : undefined;
  if (!isObject(value)) throw unreachable(`${path}: ${list} has no ${JSON.stringify(name)}`);
  return value;
}

/** `KEY-data` in base64, or the file that `KEY` names, relative to the kubeconfig. */
function data(object: JsonObject, key: string, path: string): string | undefined {
  const inline = object[`${key}-data`];
  if (typeof inline === "string") {
    return new TextDecoder().decode(Uint8Array.fromBase64(inline));
  }
  const file = object[key];
  if (typeof file !== "string") return undefined;
  return readFile(file.startsWith("/") ? file : `${path.replace(/[^/]*$/, "")}${file}`);
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function readFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    throw unreachable(`${path}: ${errorText(cause)}`, cause);
  }
}

function unreachable(message: string, cause?: unknown): KumaError {
  return new KumaError("KUMA-WH-021", message, cause === undefined ? {} : { cause });
}
