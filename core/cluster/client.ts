/**
 * The client of the Kubernetes API: plain `fetch` over HTTP/1.1, with the cluster's CA, and a bearer token
 * or a client certificate. kuma-cni loads this file at each start and nothing else of this folder. (The field's
 * client library costs more to load than the plugin may take; HTTP/2 costs 44 ms a request here.)
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { abortable } from "core/host/abortable_body.ts";
import { sendWithoutDelay } from "core/host/no_delay_connections.ts";
import type { Json } from "core/patch/json.ts";
import { ApiError } from "core/kube/api_error.ts";
import type {
  KubeAnswer,
  KubeEndpoint,
  KubeRequest,
  KubeRequestOptions,
} from "core/kube/request.ts";
import { type Kubeconfig, parseKubeconfig } from "core/kube/kubeconfig.ts";

export { ApiError };
export type { KubeAnswer, KubeEndpoint, KubeRequest };

/** The kubelet renews tokens long before they expire; a minute is how long an old one may be used. */
const TOKEN_AGE_MS = 60_000;
const JSON_TIMEOUT_MS = 30_000;

/**
 * Makes `caCerts` of a client all that it trusts, as Kubernetes' own client does. The runtime adds them to a
 * list of its own (the web's public authorities, or those that `DENO_TLS_CA_STORE` and `DENO_CERT` name),
 * and any of these could then vouch for an API server. Reading no list also saves some milliseconds.
 * The list is made once in a process, at the first TLS connection.
 */
function trustNoOtherRoots(): void {
  Deno.env.set("DENO_TLS_CA_STORE", "");
  Deno.env.delete("DENO_CERT");
}

/** Most bytes of an answer; etcd keeps no object above 1.5 MiB. */
const MAX_ANSWER = 16 * 1024 * 1024;
/** Of lists, which may come whole. */
const MAX_JSON = 256 * 1024 * 1024;
const MAX_FILE = 1024 * 1024;

/** How a client behaves. */
export interface KubeClientOptions {
  /** Called at the last moment before each request that is no GET; what it throws the caller gets, and nothing is sent. */
  readonly beforeWrite?: () => void;
}

/** A connection pool to one API server. Dispose of it. */
export class KubeClient implements Disposable {
  readonly #endpoint: KubeEndpoint;
  readonly #options: KubeClientOptions;
  readonly #http: Deno.HttpClient;
  readonly #agent: string;
  #token: { readonly text: string | undefined; readonly readAt: number } | undefined;

  /**
   * @param agent What the server's audit log calls this program.
   * @throws {KumaError} `KUMA-HOST-161` the CA certificates or the client certificate cannot be used.
   */
  constructor(
    endpoint: KubeEndpoint,
    agent = "kuma-node-tooling",
    options: KubeClientOptions = {},
  ) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#agent = agent;
    if (endpoint.token !== undefined) {
      this.#token = { text: endpoint.token, readAt: performance.now() };
    }
    if (endpoint.caPem !== undefined && /^https:/i.test(endpoint.server)) trustNoOtherRoots();
    try {
      this.#http = Deno.createHttpClient({
        http2: false,
        ...(endpoint.caPem === undefined ? {} : { caCerts: [endpoint.caPem] }),
        ...(endpoint.certificate ?? {}),
      });
    } catch (cause) {
      throw new KumaError("KUMA-HOST-161", `the cluster's CA cannot be used: ${errorText(cause)}`, {
        cause,
      });
    }
  }

  /**
   * Sends one request and reads the answer, of any status, to its end; `path` begins with a slash.
   *
   * @throws {KumaError} `KUMA-HOST-160` no answer, `-161` the server's certificate is not trusted, `-162`
   *   the answer is too long, `-164`, `-165` the renewed token cannot be used; or the signal's reason.
   */
  async request(
    method: string,
    path: string,
    options: KubeRequestOptions = {},
  ): Promise<KubeAnswer> {
    return await this.#told(options.signal, async () => {
      const response = await this.#send(method, path, options);
      const retryAfter = response.headers.get("retry-after");
      const text = await readAtMost(response, path);
      return { status: response.status, text, retryAfter };
    });
  }

  /**
   * Sends a request and gives the answer with its body unread, as a watch needs it. The caller reads or
   * cancels the body.
   *
   * @throws {ApiError} the answer is not 2xx; else as {@linkcode request}.
   */
  async fetch(path: string, request: KubeRequest = {}): Promise<Response> {
    const { method = "GET" } = request;
    return await this.#told(request.signal, async () => {
      const response = await this.#send(method, path, request);
      if (response.ok) return response;
      const retryAfter = response.headers.get("retry-after");
      const text = await readAtMost(response, path);
      throw new ApiError(method, path, { status: response.status, text, retryAfter });
    });
  }

  /**
   * The JSON of an answer of at most 256 MiB; within 30 s where no signal is given.
   *
   * @throws as {@linkcode fetch}, and `KUMA-HOST-162` it is too long
   */
  async json(path: string, request: KubeRequest = {}): Promise<Json> {
    const signal = request.signal ?? AbortSignal.timeout(JSON_TIMEOUT_MS);
    const response = await this.fetch(path, { ...request, signal });
    return await this.#told(
      signal,
      async () => JSON.parse(await readAtMost(response, path, MAX_JSON)) as Json,
    );
  }

  async #send(method: string, path: string, options: KubeRequestOptions): Promise<Response> {
    if (method !== "GET") this.#options.beforeWrite?.();
    const token = this.#currentToken();
    const asked = fetch(`${this.#endpoint.server}${path}`, {
      method,
      headers: {
        accept: "application/json",
        "user-agent": this.#agent,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(options.body === undefined
          ? {}
          : { "content-type": options.contentType ?? "application/json" }),
      },
      client: this.#http,
      // The token goes to one place only.
      redirect: "manual",
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    using _now = sendWithoutDelay();
    const response = abortable(await asked);
    // Renewed since it was read, perhaps: the next request reads it again.
    if (response.status === 401) this.#token = undefined;
    return response;
  }

  #currentToken(): string | undefined {
    const { token, tokenFile } = this.#endpoint;
    if (tokenFile === undefined) return token;
    const now = performance.now();
    if (this.#token === undefined || now - this.#token.readAt > TOKEN_AGE_MS) {
      this.#token = { text: readToken(tokenFile), readAt: now };
    }
    return this.#token.text;
  }

  async #told<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof KumaError) throw cause;
      signal?.throwIfAborted();
      throw unanswered(this.#endpoint.server, cause);
    }
  }

  [Symbol.dispose](): void {
    this.#http.close();
  }
}

/**
 * Reads the kubeconfig at `path` and the files it names (relative ones are beside it), anew at each call.
 *
 * @throws {KumaError} `KUMA-HOST-164` the file (or one that it names) is missing or unreadable,
 *   `KUMA-HOST-165` it is malformed or says what cannot be done.
 */
export async function endpointFromKubeconfig(path: string): Promise<KubeEndpoint> {
  const config: Kubeconfig = await parseKubeconfig(readSmallFile(path), path);
  const directory = path.slice(0, path.lastIndexOf("/") + 1);
  const beside = (file: string) => file.startsWith("/") ? file : directory + file;
  const either = (pem: string | undefined, file: string | undefined) =>
    pem ?? (file === undefined ? undefined : readSmallFile(beside(file)));
  const tokenFile = config.tokenFile === undefined ? undefined : beside(config.tokenFile);
  const cert = either(config.certPem, config.certFile);
  const key = either(config.keyPem, config.keyFile);
  return {
    server: config.server,
    caPem: either(config.caPem, config.caFile),
    token: tokenFile === undefined ? headerToken(config.token, path) : readToken(tokenFile),
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(cert === undefined || key === undefined ? {} : { certificate: { cert, key } }),
  };
}

/**
 * The token in a file, as it stands there now.
 *
 * @throws {KumaError} `KUMA-HOST-164` it cannot be read, `KUMA-HOST-165` it holds no token.
 */
export function readToken(path: string): string {
  return headerToken(readSmallFile(path).trim(), path) ?? "";
}

/** A token that can be sent. Sent as it is, the failure would be a server that "does not answer". */
function headerToken(token: string | undefined, path: string): string | undefined {
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
  if (token === "") throw unreadable(path, "the file is empty");
  throw new KumaError(
    "KUMA-HOST-165",
    `the token in "${path}" cannot be used: it holds characters that no token has`,
  );
}

/**
 * The text of a file of at most 1 MiB.
 *
 * @throws {KumaError} `KUMA-HOST-164`
 */
export function readSmallFile(path: string): string {
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
  return new KumaError("KUMA-HOST-164", `cannot read "${path}" (${why})`, { cause });
}

/** The text of a body. What is decoded at once takes the least memory, which matters for lists. */
async function readAtMost(response: Response, path: string, limit = MAX_ANSWER): Promise<string> {
  if (response.body === null) return "";
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > limit) {
      throw new KumaError("KUMA-HOST-162", `the answer to ${path} is longer than ${limit} bytes`);
    }
    chunks.push(chunk);
  }
  if (chunks.length === 1) return new TextDecoder().decode(chunks[0]);
  const whole = new Uint8Array(size);
  for (let at = 0; chunks.length > 0;) {
    const chunk = chunks.shift() ?? new Uint8Array();
    whole.set(chunk, at);
    at += chunk.length;
  }
  return new TextDecoder().decode(whole);
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
