/**
 * Kubeconfig files: the part that a program on a node needs, server, CA and credentials of the current
 * context (the `clientcmd` v1 format of Kubernetes).
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
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
}

/**
 * Reads a kubeconfig.
 *
 * @param text The file's content. Its secrets never appear in an error.
 * @param name What the file is called in errors.
 * @throws {KumaError} `KUMA-CNI-012` not YAML, or something in it is missing or malformed.
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
    caPem: caData === undefined ? undefined : decodeCa(caData, bad),
    caFile: string(cluster["certificate-authority"]),
    token: string(user.token)?.trim(),
    tokenFile: string(user.tokenFile),
  };
}

/** Ways in which a user may authenticate that are none of ours. */
const UNSUPPORTED_WAYS = [
  "exec",
  "auth-provider",
  "client-certificate",
  "client-certificate-data",
  "username",
];

/**
 * What would be left out in silence otherwise, and end as "token is stale", as an untrusted certificate
 * or as a server that never answers.
 */
function refuseUnsupported(
  cluster: Record<string, unknown>,
  user: Record<string, unknown>,
  bad: (why: string) => KumaError,
): void {
  const ways = UNSUPPORTED_WAYS.filter((key) => user[key] !== undefined);
  if (ways.length > 0 && string(user.token) === undefined && string(user.tokenFile) === undefined) {
    throw bad(`its user has no token or tokenFile, and ${ways.join(", ")} cannot be used`);
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

function decodeCa(data: string, bad: (why: string) => KumaError): string {
  let pem: string;
  try {
    pem = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(data.trim()));
  } catch {
    throw bad("certificate-authority-data is not base64 text");
  }
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
    throw bad("certificate-authority-data holds no PEM certificate");
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function string(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s/?#@]+$/i.test(text) && URL.canParse(text);
}

function malformed(name: string, why: string): KumaError {
  return new KumaError("KUMA-CNI-012", `the kubeconfig "${name}" cannot be used: ${why}`, {
    hint: "delete the file: the installer writes it anew",
  });
}
