/**
 * A small client of the Kubernetes API for programs on a node: plain `fetch` over HTTP/1.1, with the
 * cluster's CA and a bearer token. (The client library of the field costs more to load than the plugin
 * may take in all; and HTTP/2 costs 44 ms a request in this runtime.)
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { type Kubeconfig, parseKubeconfig } from "core/kube/kubeconfig.ts";

/** Where an API server is and how to be let in. */
export interface KubeEndpoint {
  /** `https://host:port`. */
  readonly server: string;
  /** CA certificates in PEM form. */
  readonly caPem: string | undefined;
  readonly token: string | undefined;
}

/** An answer of any status, read to its end. */
export interface KubeAnswer {
  readonly status: number;
  readonly text: string;
  /** The header `Retry-After` as it was sent. */
  readonly retryAfter: string | null;
}

/** What goes with a request. */
export interface KubeRequestOptions {
  signal?: AbortSignal;
  /** Sent as JSON. */
  body?: unknown;
  /** Content type of the body; default `application/json`. */
  contentType?: string;
}

/** Most bytes of an answer; etcd keeps no object above 1.5 MiB. */
const MAX_ANSWER = 16 * 1024 * 1024;
const MAX_FILE = 1024 * 1024;

/** A connection pool to one API server. Dispose of it. */
export class KubeClient implements Disposable {
  readonly #endpoint: KubeEndpoint;
  readonly #http: Deno.HttpClient;

  /** @throws {KumaError} `KUMA-HOST-161` the CA certificates cannot be used. */
  constructor(endpoint: KubeEndpoint) {
    this.#endpoint = endpoint;
    try {
      this.#http = Deno.createHttpClient({
        http2: false,
        ...(endpoint.caPem === undefined ? {} : { caCerts: [endpoint.caPem] }),
      });
    } catch (cause) {
      throw new KumaError("KUMA-HOST-161", `the cluster's CA cannot be used: ${errorText(cause)}`, {
        cause,
      });
    }
  }

  /**
   * Sends one request; `path` begins with a slash.
   *
   * @throws {KumaError} `KUMA-HOST-160` no answer, `-161` the server's certificate is not trusted, `-162`
   *   the answer is too long; or the signal's reason.
   */
  async request(
    method: string,
    path: string,
    options: KubeRequestOptions = {},
  ): Promise<KubeAnswer> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (this.#endpoint.token !== undefined) {
      headers.authorization = `Bearer ${this.#endpoint.token}`;
    }
    if (options.body !== undefined) {
      headers["content-type"] = options.contentType ?? "application/json";
    }
    try {
      const response = await fetch(`${this.#endpoint.server}${path}`, {
        method,
        headers,
        client: this.#http,
        redirect: "manual",
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      const retryAfter = response.headers.get("retry-after");
      return { status: response.status, text: await readAtMost(response, path), retryAfter };
    } catch (cause) {
      options.signal?.throwIfAborted();
      throw cause instanceof KumaError ? cause : unanswered(this.#endpoint.server, cause);
    }
  }

  [Symbol.dispose](): void {
    this.#http.close();
  }
}

/**
 * Reads the kubeconfig at `path` and the files it names, anew at each call: tokens and CAs rotate.
 *
 * @throws {KumaError} `KUMA-CNI-011` the file (or one that it names) is missing or unreadable,
 *   `KUMA-CNI-012` it is malformed.
 */
export async function endpointFromKubeconfig(path: string): Promise<KubeEndpoint> {
  const config: Kubeconfig = await parseKubeconfig(readSmallFile(path), path);
  const directory = path.slice(0, path.lastIndexOf("/") + 1);
  const named = (file: string) => readSmallFile(file.startsWith("/") ? file : directory + file);
  return {
    server: config.server,
    caPem: config.caPem ?? (config.caFile === undefined ? undefined : named(config.caFile)),
    token: headerToken(
      config.tokenFile === undefined ? config.token : named(config.tokenFile).trim(),
      config.tokenFile ?? path,
    ),
  };
}

/** A token that can be sent. Sent as it is, the failure would be a server that "does not answer". */
function headerToken(token: string | undefined, path: string): string | undefined {
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
  if (token === "") throw unreadable(path, "the file is empty");
  throw new KumaError(
    "KUMA-CNI-012",
    `the token in "${path}" cannot be used: it holds characters that no token has`,
  );
}

function readSmallFile(path: string): string {
  try {
    const { isFile, size } = Deno.statSync(path);
    // A device may have no end, and a FIFO nobody who writes.
    if (!isFile) throw new TypeError("it is not a plain file");
    if (size > MAX_FILE) throw new RangeError("the file is too large");
    return Deno.readTextFileSync(path);
  } catch (cause) {
    const missing = cause instanceof Deno.errors.NotFound;
    throw unreadable(path, missing ? "it does not exist" : errorText(cause), cause);
  }
}

/** In brackets: after a colon, what follows a name that ends in "token" would be redacted. */
function unreadable(path: string, why: string, cause?: unknown): KumaError {
  return new KumaError("KUMA-CNI-011", `cannot read "${path}" (${why})`, {
    hint: "check that the CNI installer runs on this node; it writes this file",
    ...(cause === undefined ? {} : { cause }),
  });
}

async function readAtMost(response: Response, path: string): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > MAX_ANSWER) {
      throw new KumaError(
        "KUMA-HOST-162",
        `the answer to ${path} is longer than ${MAX_ANSWER} bytes`,
      );
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function unanswered(server: string, cause: unknown): KumaError {
  const text = errorText(cause);
  if (/certificate/i.test(text)) {
    return new KumaError(
      "KUMA-HOST-161",
      `the certificate of the API server ${server} is not trusted: ${text}`,
      { cause },
    );
  }
  const proxy = PROXY_VARIABLES.find((name) => (Deno.env.get(name) ?? "") !== "");
  const way = proxy === undefined ? "" : ` (${proxy} is set; NO_PROXY can except this server)`;
  return new KumaError("KUMA-HOST-160", `the API server ${server} does not answer: ${text}${way}`, {
    cause,
  });
}

/** The runtime's `fetch` obeys these, as Kubernetes' own client does; a node's service may carry them. */
const PROXY_VARIABLES = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
