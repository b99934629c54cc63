/**
 * Kubeconfig files: the part that a program on a node needs, server, CA and credentials of the current
 * context (the `clientcmd` v1 format of Kubernetes).
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { isRecord } from "core/patch/json.ts";
import { parsePlainYaml } from "./plain_yaml.ts";

/** How to reach and trust an API server. Files that it names are read by the caller. */
export interface Kubeconfig {
  /** `https://host:port`, without a slash at the end. */
  readonly server: string;
  /** CA certificates in PEM form; undefined where `caFile` names them or the system's are meant. */
  readonly caPem: string | undefined;
  readonly caFile: string | undefined;
  readonly token: string | undefined;
  /** File that holds the token; it wins over `token`, as in client-go, and is read at each use. */
  readonly tokenFile: string | undefined;
  /** Client certificate and key, in PEM form or as files; both or neither. */
  readonly certPem?: string;
  readonly certFile?: string;
  readonly keyPem?: string;
  readonly keyFile?: string;
}

/**
 * Reads a kubeconfig.
 *
 * @param text The file's content. Its secrets never appear in an error.
 * @param name What the file is called in errors.
 * @throws {KumaError} `KUMA-HOST-165` not YAML, or something in it is missing or malformed.
 */
export async function parseKubeconfig(text: string, name: string): Promise<Kubeconfig> {
  const document = parsePlainYaml(text) ?? await parseWithPackage(text, name);
  const bad = (why: string) => malformed(name, why);
  const root = record(document, () => bad("it is not a mapping"));
  const current = string(root["current-context"]) ?? "";
  if (current === "") throw bad("current-context is not set");
  const context = named(
    root.contexts,
    current,
    "context",
    () => bad(`it has no context "${current}"`),
  );
  const clusterName = string(context.cluster) ?? "";
  const cluster = named(
    root.clusters,
    clusterName,
    "cluster",
    () => bad(`it has no cluster "${clusterName}"`),
  );
  const userName = string(context.user) ?? "";
  const user = userName === ""
    ? {}
    : named(root.users, userName, "user", () => bad(`it has no user "${userName}"`));
  refuseUnsupported(cluster, user, bad);
  const server = string(cluster.server)?.replace(/\/+$/, "") ?? "";
  if (!isHttpUrl(server)) throw bad("the cluster's server is no http(s) URL");
  const caData = string(cluster["certificate-authority-data"]);
  return {
    server,
    caPem: caData === undefined
      ? undefined
      : decodePem(caData, bad, "certificate-authority-data", "CERTIFICATE"),
    caFile: string(cluster["certificate-authority"]),
    token: string(user.token)?.trim(),
    tokenFile: string(user.tokenFile),
    ...clientCertificate(user, bad),
  };
}

/** Programs that would have to be started; refused also beside a token, as client-go refuses both at once. */
const PLUGINS = ["exec", "auth-provider"];

type Certificate = Pick<Kubeconfig, "certPem" | "certFile" | "keyPem" | "keyFile">;

/** The client certificate of a user, if it has one; inline data wins over a file, as in client-go. */
function clientCertificate(
  user: Record<string, unknown>,
  bad: (why: string) => KumaError,
): Certificate {
  const certData = string(user["client-certificate-data"]);
  const keyData = string(user["client-key-data"]);
  const certFile = string(user["client-certificate"]);
  const keyFile = string(user["client-key"]);
  const hasCert = certData !== undefined || certFile !== undefined;
  const hasKey = keyData !== undefined || keyFile !== undefined;
  if (hasCert !== hasKey) {
    throw bad(
      `its user has ${
        hasCert
          ? "a client-certificate but no client-key"
          : "a client-key but no client-certificate"
      }`,
    );
  }
  const pem = (data: string, key: string, what: string) => decodePem(data, bad, key, what);
  return {
    ...(certData === undefined
      ? certFile === undefined ? {} : { certFile }
      : { certPem: pem(certData, "client-certificate-data", "CERTIFICATE") }),
    ...(keyData === undefined
      ? keyFile === undefined ? {} : { keyFile }
      : { keyPem: pem(keyData, "client-key-data", "(?:EC |RSA )?PRIVATE KEY") }),
  };
}

/**
 * What would be left out in silence otherwise, and end as "token is stale", as an untrusted certificate
 * or as a server that never answers.
 */
function refuseUnsupported(
  cluster: Record<string, unknown>,
  user: Record<string, unknown>,
  bad: (why: string) => KumaError,
): void {
  const plugins = PLUGINS.filter((key) => user[key] !== undefined);
  if (plugins.length > 0) {
    throw bad(
      `${plugins.join(", ")} cannot be used: give its user a token or a client certificate`,
    );
  }
  const known = ["token", "tokenFile", "client-certificate", "client-certificate-data"];
  if (user.username !== undefined && !known.some((key) => string(user[key]) !== undefined)) {
    throw bad("its user has no token or client certificate, and username cannot be used");
  }
  const skipped = cluster["insecure-skip-tls-verify"];
  if (skipped === true || skipped === "true") {
    throw bad("insecure-skip-tls-verify cannot be used: name the cluster's CA");
  }
  for (const key of ["proxy-url", "tls-server-name"]) {
    if (string(cluster[key]) !== undefined) throw bad(`${key} cannot be used`);
  }
}

async function parseWithPackage(text: string, name: string): Promise<unknown> {
  const { parse } = await import("../proxy/yaml_library.ts");
  try {
    return parse(text, { maxAliasCount: 0, logLevel: "error" });
  } catch (error) {
    // The package's message quotes the line, and a line may hold the token: only the place is told.
    const place = error instanceof Error ? /at line \d+, column \d+/.exec(error.message)?.[0] : "";
    throw malformed(name, `it is not valid YAML${place ? ` ${place}` : ""}`);
  }
}

function decodePem(
  data: string,
  bad: (why: string) => KumaError,
  key: string,
  what: string,
): string {
  let pem: string;
  try {
    pem = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(data.trim()));
  } catch {
    throw bad(`${key} is not base64 text`);
  }
  if (!new RegExp(`-----BEGIN ${what}-----`).test(pem)) {
    throw bad(`${key} holds no PEM ${what === "CERTIFICATE" ? "certificate" : "key"}`);
  }
  return pem;
}

function named(
  list: unknown,
  name: string,
  key: string,
  missing: () => KumaError,
): Record<string, unknown> {
  const entries: unknown[] = Array.isArray(list) ? list : [];
  const entry = entries.find((one) => isRecord(one) && one.name === name);
  return record(isRecord(entry) ? entry[key] : undefined, missing);
}

function record(value: unknown, otherwise: () => KumaError): Record<string, unknown> {
  if (!isRecord(value)) throw otherwise();
  return value;
}

function string(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s/?#@]+$/i.test(text) && URL.canParse(text);
}

function malformed(name: string, why: string): KumaError {
  return new KumaError("KUMA-HOST-165", `the kubeconfig "${name}" cannot be used: ${why}`);
}
