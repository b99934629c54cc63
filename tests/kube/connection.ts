/**
 * Requests to a test cluster's API server, as administrator or with a token.
 *
 * @module
 */
import { delay } from "core/time/clock.ts";
import type { KeyPair } from "./pki.ts";

/** Any Kubernetes object, as JSON. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
  [field: string]: unknown;
}

/** The metadata that tests read and write. */
export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  [field: string]: unknown;
}

/** How a request differs from an administrator's JSON request. */
export interface RequestOptions {
  /** Sent as bearer token, without the administrator's certificate. An empty one is anonymous. */
  token?: string;
  /** Of the body; default `application/json`. */
  contentType?: string;
  signal?: AbortSignal;
}

/** The API server answered with something other than 2xx. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** `status` is the HTTP status, `body` the answer's text, a `Status` object as a rule. */
  constructor(readonly status: number, readonly body: string, request: string) {
    super(`${request} was answered with ${status}: ${body.slice(0, 500)}`);
  }
}

/** How often a request is sent again that was answered 429. */
const BUSY_ANSWERS = 30;

/** One process's connections to the API server; close it when done. */
export class Connection implements Disposable {
  readonly #admin: Deno.HttpClient;
  readonly #plain: Deno.HttpClient;

  constructor(readonly url: string, caPem: string, admin: KeyPair) {
    // HTTP/1.1: over HTTP/2, Deno's fetch waits 44 ms on every body of some KB.
    const common = { caCerts: [caPem], http2: false };
    this.#admin = Deno.createHttpClient({ ...common, cert: admin.certificate, key: admin.key });
    this.#plain = Deno.createHttpClient(common);
  }

  /** Sends a request and returns the raw answer, whatever its status; the caller reads its body. */
  fetch(
    method: string,
    path: string,
    body?: unknown,
    options: RequestOptions = {},
  ): Promise<Response> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (body !== undefined) headers["content-type"] = options.contentType ?? "application/json";
    if (options.token) headers["authorization"] = `Bearer ${options.token}`;
    return fetch(`${this.url}${path}`, {
      method,
      headers,
      client: options.token === undefined ? this.#admin : this.#plain,
      ...(body === undefined ? {} : { body: textOf(body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  }

  /**
   * Sends a request and returns the answer's JSON. A server that has just started answers 429 for custom resources ("storage is
   * (re)initializing"), having done nothing: then it is asked again, as it says. Throws {@linkcode ApiError} unless it is 2xx.
   */
  async request<T = KubeObject>(
    method: string,
    path: string,
    body?: unknown,
    options: RequestOptions = {},
  ): Promise<T> {
    for (let busy = 0;; busy++) {
      const answer = await this.fetch(method, path, body, options);
      const text = await answer.text();
      if (answer.ok) return JSON.parse(text) as T;
      if (answer.status !== 429 || busy === BUSY_ANSWERS) {
        throw new ApiError(answer.status, text, `${method} ${path}`);
      }
      await delay(Number(answer.headers.get("retry-after") ?? 1) * 1000);
    }
  }

  [Symbol.dispose](): void {
    this.#admin.close();
    this.#plain.close();
  }
}

/** Text is sent as it is (YAML for server-side apply), everything else as JSON. */
function textOf(body: unknown): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}
