/**
 * The head of an HTTP/1.1 request, read as strictly as RFC 9112 allows a server to be: what two servers
 * could read in two ways is refused, so nothing can be smuggled past one of them.
 *
 * Refused, though the RFC would let a server take it: HTTP/1.0, a target in absolute form (this is no
 * proxy), a body that is compressed, an empty line ahead of the request. No API server, kubelet or
 * Prometheus sends these.
 *
 * @module
 */

/** Most bytes of a head. Go's servers take a MiB; those who call us send half a KiB. */
export const MAX_HEAD = 32 * 1024;
/** Most header lines. */
const MAX_HEADERS = 100;

/** Why a request is not answered: a status and one line. */
export interface Refusal {
  readonly status: number;
  readonly why: string;
}

/** A request without its body. */
export interface RequestHead {
  readonly method: string;
  /** As it was sent: nothing is decoded, so a path has one form only. */
  readonly path: string;
  /** Without the question mark; empty where there is none. */
  readonly query: string;
  /** By names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Bytes of the body, `chunked` where only its end tells. */
  readonly length: number | "chunked";
  /** The client ends the connection after this request. */
  readonly close: boolean;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}) ([\x21-\x7e]+) HTTP\/(\d)\.(\d)$/;
const TARGET = /^\/[^#"<>\\^`{|}?]*(?:\?[^#"<>\\^`{|}]*)?$/;
const HOST = /^[A-Za-z0-9._~%-]+(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](?::\d{1,5})?$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Headers that mean something else when they come twice. */
const SINGLE = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "content-type",
  "content-encoding",
  "authorization",
  "expect",
]);

/** Where the head ends: the index behind the empty line, -1 where it has not come. */
export function endOfHead(bytes: Uint8Array, from = 0): number {
  for (let at = Math.max(0, from - 3); (at = bytes.indexOf(13, at)) >= 0; at++) {
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at + 4;
  }
  return -1;
}

/** Reads a head; `bytes` end with the empty line. */
export function parseHead(bytes: Uint8Array): RequestHead | Refusal {
  // A byte is a character: text of any encoding passes through unchanged.
  const text = String.fromCharCode.apply(null, bytes as unknown as number[]);
  const [first = "", ...lines] = text.slice(0, -4).split("\r\n");
  const line = REQUEST_LINE.exec(first);
  if (line === null) return bad("the request line is none");
  const [, method = "", target = "", major, minor] = line;
  if (major !== "1" || minor !== "1") {
    return { status: 505, why: "HTTP/1.1 is spoken here and no other version" };
  }
  if (!TARGET.test(target)) return bad("the path is none");
  const headers = parseHeaders(lines);
  if (!(headers instanceof Map)) return headers;
  if (!HOST.test(headers.get("host") ?? "")) return bad("the Host header is missing or none");
  const length = bodyLength(headers);
  if (typeof length === "object") return length;
  const coding = headers.get("content-encoding") ?? "identity";
  if (coding.toLowerCase() !== "identity") {
    return { status: 415, why: "a body must not be compressed" };
  }
  const expect = headers.get("expect")?.toLowerCase();
  if (expect !== undefined && expect !== "100-continue") {
    return { status: 417, why: "this expectation is not met" };
  }
  const mark = target.indexOf("?");
  return {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? "" : target.slice(mark + 1),
    headers,
    length,
    close: /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(headers.get("connection") ?? ""),
    expectsContinue: expect !== undefined,
  };
}

function parseHeaders(lines: readonly string[]): Map<string, string> | Refusal {
  const headers = new Map<string, string>();
  if (lines.length > MAX_HEADERS) {
    return { status: 431, why: `more than ${MAX_HEADERS} header lines` };
  }
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (!TOKEN.test(name)) return bad("a header line is none");
    const value = line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, "");
    // Also a line feed or carriage return that ends no line.
    if (!VALUE.test(value)) return bad("a header has a character that it must not have");
    const before = headers.get(name);
    if (before !== undefined && SINGLE.has(name)) return bad("a header came twice");
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

function bodyLength(headers: ReadonlyMap<string, string>): number | "chunked" | Refusal {
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (coding !== undefined) {
    if (length !== undefined) return bad("a length and a transfer coding at once");
    return coding.toLowerCase() === "chunked" ? "chunked" : bad("the transfer coding is not known");
  }
  if (length === undefined) return 0;
  return /^\d{1,15}$/.test(length) ? Number(length) : bad("the content length is none");
}

function bad(why: string): Refusal {
  return { status: 400, why };
}
