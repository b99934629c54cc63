/**
 * Requests to the API server. HTTP/1.1 only: HTTP/2 costs 44 ms a request in this runtime.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { trustNoOtherRoots } from "./trusted_roots.ts";
import type { Json } from "core/patch/json.ts";
import type { Credentials } from "./credentials.ts";

/** The kubelet renews tokens long before they expire; a minute is how long an old one may be used. */
const TOKEN_AGE_MS = 60_000;

/** What a request may say. */
export interface KubeRequest {
  readonly method?: string;
  readonly body?: Json;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** An answer that is not 2xx. */
export class KubeStatusError extends KumaError {
  readonly status: number;

  constructor(method: string, path: string, status: number, text: string) {
    const words = statusMessage(text);
    super("KUMA-WH-023", `${method} ${path}: ${status}${words === "" ? "" : ` ${words}`}`);
    this.status = status;
  }
}

/** A client of one API server. */
export class KubeConnection implements Disposable {
  readonly #credentials: Credentials;
  readonly #client: Deno.HttpClient;
  #token: { readonly text: string; readonly readAt: number } | undefined;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
    if (credentials.caCert !== undefined) trustNoOtherRoots();
    this.#client = Deno.createHttpClient({
      http2: false,
      ...(credentials.caCert === undefined ? {} : { caCerts: [credentials.caCert] }),
      ...(credentials.certificate ?? {}),
    });
  }

  /** Sends a request; throws a {@linkcode KubeStatusError} unless the answer is 2xx. */
  async fetch(path: string, request: KubeRequest = {}): Promise<Response> {
    const { method = "GET", body, contentType = "application/json", signal } = request;
    const answer = await fetch(`${this.#credentials.url}${path}`, {
      client: this.#client,
      method,
      headers: {
        accept: "application/json",
        "user-agent": "kuma-webhook",
        ...this.#authorization(),
        ...(body === undefined ? {} : { "content-type": contentType }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      redirect: "error",
      ...(signal === undefined ? {} : { signal }),
    });
    if (answer.ok) return answer;
    // Renewed since it was read, perhaps: the next request reads it again.
    if (answer.status === 401) this.#token = undefined;
    throw new KubeStatusError(method, path, answer.status, await answer.text());
  }

  /** The JSON of an answer. */
  async json(path: string, request: KubeRequest = {}): Promise<Json> {
    const signal = request.signal ?? AbortSignal.timeout(30_000);
    return await (await this.fetch(path, { ...request, signal })).json();
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #authorization(): Record<string, string> {
    const { token, tokenFile } = this.#credentials;
    if (token !== undefined) return { authorization: `Bearer ${token}` };
    if (tokenFile === undefined) return {};
    const now = Date.now();
    if (this.#token === undefined || now - this.#token.readAt > TOKEN_AGE_MS) {
      this.#token = { text: Deno.readTextFileSync(tokenFile).trim(), readAt: now };
    }
    return { authorization: `Bearer ${this.#token.text}` };
  }
}

function statusMessage(text: string): string {
  try {
    const message = (JSON.parse(text) as { message?: unknown }).message;
    return typeof message === "string" ? message.slice(0, 300) : "";
  } catch {
    return text.slice(0, 100);
  }
}
