/**
 * The few requests to the API server: a token of our own, and who we are.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { KubeClient } from "core/cluster/client.ts";
import type { Credential } from "./kubeconfig.ts";

const TIMEOUT_MS = 2000;

/** An answer of the API server; the body of a failure is its Status object. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Asks once, within two seconds.
 *
 * @param path From the server's root, with every part already encoded
 * @throws {KumaError} `KUMA-INS-041` when there was no answer at all
 */
export async function ask(
  server: string,
  credential: Credential,
  path: string,
  body?: unknown,
): Promise<Answer> {
  try {
    using client = new KubeClient(
      { server, caPem: credential.ca, token: credential.token },
      "install-cni",
    );
    const { status, text } = await client.request(body === undefined ? "GET" : "POST", path, {
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status, body: parse(text) };
  } catch (cause) {
    throw new KumaError("KUMA-INS-041", `The API server does not answer: ${errorText(cause)}`, {
      cause,
    });
  }
}

/** The path of one object; `parts` are encoded. */
export function path(prefix: string, ...parts: string[]): string {
  return [prefix, ...parts.map(encodeURIComponent)].join("/");
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
  } catch (error) {
    // A proxy's error page, or a refusal in plain text: the status says enough.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
