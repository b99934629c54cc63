/**
 * What the API server says when it does not do what it was asked: the `Status` object of Kubernetes' API
 * conventions.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

/** The API server itself asks for a second; what asks for days is a proxy in between that is wrong. */
const MAX_PAUSE = 60;

/** An answer that is not 2xx. */
export class ApiError extends KumaError {
  /** The HTTP status: 409 for a conflict, 429 for too many requests. */
  readonly status: number;
  /** `reason` of the Status object, such as `AlreadyExists`, `Conflict`, `Expired`; else empty. */
  readonly reason: string;
  /** Milliseconds that the server asks to wait (`Retry-After`), if it does; of more than a minute, a minute. */
  readonly retryAfter: number | undefined;

  constructor(
    method: string,
    path: string,
    answer: { status: number; text: string; retryAfter?: string | null },
  ) {
    const { reason, message } = statusOf(answer.text);
    const words = message === "" ? "" : ` ${message}`;
    super("KUMA-HOST-163", `${method} ${path}: ${answer.status}${words}`);
    this.status = answer.status;
    this.reason = reason;
    const seconds = /^\d{1,6}$/.exec(answer.retryAfter ?? "")?.[0];
    this.retryAfter = seconds === undefined
      ? undefined
      : Math.min(Number(seconds), MAX_PAUSE) * 1000;
  }
}

function statusOf(text: string): { reason: string; message: string } {
  try {
    const status = JSON.parse(text) as { message?: unknown; reason?: unknown } | null;
    const message = typeof status?.message === "string" ? status.message.slice(0, 300) : "";
    return { message, reason: typeof status?.reason === "string" ? status.reason : "" };
  } catch {
    // A proxy's page, or plain text.
    return { message: text.slice(0, 100), reason: "" };
  }
}
