/**
 * What an API server is asked, and what it answers.
 *
 * @module
 */

/** Where an API server is and how to be let in. */
export interface KubeEndpoint {
  /** `https://host:port`. */
  readonly server: string;
  /** CA certificates in PEM form. */
  readonly caPem: string | undefined;
  readonly token: string | undefined;
  /** Where the token is renewed: read again now and then, and when the server refuses the one we have. */
  readonly tokenFile?: string;
  /** Client certificate and key in PEM form. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

/** What a request that wants JSON may say. */
export interface KubeRequest extends KubeRequestOptions {
  /** Default `GET`. */
  method?: string;
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
