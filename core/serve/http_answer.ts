/**
 * Answers, and how they are written.
 *
 * @module
 */
import type { Refusal } from "./http_head.ts";

/** What is answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** Further header lines; values without line breaks. */
  readonly headers?: Readonly<Record<string, string>>;
}

const encoder = new TextEncoder();

/** What a client waits for before it sends a body (RFC 9110, 10.1.1). */
export const CONTINUE: Uint8Array = encoder.encode("HTTP/1.1 100 Continue\r\n\r\n");

/** A refusal as an answer of one line. */
export function refused({ status, why }: Refusal): HttpAnswer {
  return { status, type: "text/plain; charset=utf-8", text: `${why}\n` };
}

/** Reason phrases: clients show them, nobody reads them. */
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  417: "Expectation Failed",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

/** The bytes of an answer; to HEAD without its body. */
export function encodeAnswer(answer: HttpAnswer, close: boolean, headOnly: boolean): Uint8Array {
  const body = encoder.encode(answer.text);
  const more = Object.entries(answer.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = encoder.encode(
    `HTTP/1.1 ${answer.status} ${REASONS[answer.status] ?? ""}\r\n` +
      `date: ${new Date().toUTCString()}\r\ncontent-type: ${answer.type}\r\n` +
      `content-length: ${body.length}\r\ncache-control: no-store\r\n` +
      `x-content-type-options: nosniff\r\n${more.join("")}${
        close ? "connection: close\r\n" : ""
      }\r\n`,
  );
  if (headOnly) return head;
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}
