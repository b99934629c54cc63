import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { endOfHead, parseHead } from "./http_head.ts";

const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const head = (first: string, ...lines: string[]) =>
  parseHead(bytes([first, ...lines, "", ""].join("\r\n")));
const get = (...lines: string[]) => head("GET /healthz HTTP/1.1", ...lines);
const statusOf = (found: ReturnType<typeof parseHead>) => "status" in found ? found.status : 200;

Deno.test("an ordinary head", () => {
  const found = head(
    "POST /inject-sidecar?timeout=10s HTTP/1.1",
    "Host: kuma-webhook.kuma-system.svc:443",
    "User-Agent: kube-apiserver-admission",
    "content-LENGTH: 12",
    "Accept: application/json, */*",
    "Accept:\t text/plain ",
    "Connection: keep-alive, Close",
    "Expect: 100-Continue",
  );
  assert.ok(!("status" in found));
  const { headers, ...rest } = found;
  assert.deepEqual(rest, {
    method: "POST",
    path: "/inject-sidecar",
    query: "timeout=10s",
    length: 12,
    close: true,
    expectsContinue: true,
  });
  assert.equal(headers.get("accept"), "application/json, */*, text/plain");
});

Deno.test("hosts as kubelets and API servers send them", () => {
  for (const host of ["10.0.0.1:5443", "[fd00::1]:5443", "[::1]", "a", "a.svc", "a_b.example:1"]) {
    assert.equal(statusOf(get(`Host: ${host}`)), 200, host);
  }
  for (const host of ["", "[::1%eth0]:x", "a b", "a/b", "a:b", "a@b", "a,b", "a:123456"]) {
    assert.equal(statusOf(get(`Host: ${host}`)), 400, host);
  }
  assert.equal(statusOf(get()), 400, "none");
  assert.equal(statusOf(get("Host: a", "Host: a")), 400, "two");
});

Deno.test("what could be read in two ways is refused", () => {
  const host = "Host: a";
  const refused: Record<string, readonly string[]> = {
    "two lengths": ["Content-Length: 1", "Content-Length: 1"],
    "a list of lengths": ["Content-Length: 2, 2"],
    "a signed length": ["Content-Length: +2"],
    "a hexadecimal length": ["Content-Length: 0x2"],
    "an empty length": ["Content-Length: "],
    "a length beyond numbers": [`Content-Length: ${"9".repeat(40)}`],
    "length and chunks": ["Content-Length: 2", "Transfer-Encoding: chunked"],
    "chunks and length": ["Transfer-Encoding: chunked", "Content-Length: 2"],
    "another coding": ["Transfer-Encoding: xchunked"],
    "two codings": ["Transfer-Encoding: gzip, chunked"],
    "chunks twice": ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    "identity": ["Transfer-Encoding: identity"],
    "a vertical tab": ["Transfer-Encoding: \x0bchunked"],
    "a space before the colon": ["Transfer-Encoding : chunked"],
    "a space before the name": [" Transfer-Encoding: chunked"],
    "a folded line": ["X: a", " b"],
    "a line folded by a tab": ["X: a", "\tb"],
    "no colon": ["chunked"],
    "no name": [": a"],
    "a bare line feed": ["X: a\nTransfer-Encoding: chunked"],
    "a bare carriage return": ["X: a\rTransfer-Encoding: chunked"],
    "a NUL": ["X: a\0"],
    "two types": ["Content-Type: a", "content-type: b"],
    "an unknown expectation": ["Expect: more"],
    "a compressed body": ["Content-Encoding: gzip"],
  };
  for (const [name, lines] of Object.entries(refused)) {
    assert.ok([400, 415, 417].includes(statusOf(get(host, ...lines))), name);
  }
});

Deno.test("request lines that are none", () => {
  const refused: Record<string, number> = {
    "PRI * HTTP/2.0": 505,
    "GET / HTTP/1.0": 505,
    "GET / HTTP/2.0": 505,
    "GET / HTTP/1.1 ": 400,
    "GET  / HTTP/1.1": 400,
    " GET / HTTP/1.1": 400,
    "GET\t/ HTTP/1.1": 400,
    "GET / http/1.1": 400,
    "GET / HTTP/1.10": 400,
    "GET /": 400,
    "GET * HTTP/1.1": 400,
    "GET http://a/ HTTP/1.1": 400,
    "CONNECT a:1 HTTP/1.1": 400,
    "GET /a#b HTTP/1.1": 400,
    "GET /\0 HTTP/1.1": 400,
    "GET /ä HTTP/1.1": 400,
    "G(T / HTTP/1.1": 400,
    "": 400,
  };
  for (const [line, status] of Object.entries(refused)) {
    assert.equal(statusOf(head(line, "Host: a")), status, line);
  }
});

Deno.test("too many header lines", () => {
  const many = Array.from({ length: 100 }, (_, n) => `X-${n}: a`);
  assert.equal(statusOf(get("Host: a", ...many)), 431);
  assert.equal(statusOf(get("Host: a", ...many.slice(1))), 200);
});

Deno.test("the end of a head is found however it is cut", () => {
  const text = bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n{}");
  const end = text.length - 2;
  for (let cut = 0; cut <= text.length; cut++) {
    const first = endOfHead(text.subarray(0, cut));
    assert.equal(first, cut < end ? -1 : end);
    if (first < 0) assert.equal(endOfHead(text, cut), end, "looked for from where it was cut");
  }
  assert.equal(endOfHead(bytes("a\n\nb\r\r\n\n")), -1);
});

Deno.test("no bytes make it throw, and what is taken has one length", () => {
  const piece = fc.oneof(
    fc.constantFrom("\r", "\n", "\r\n", " ", ":", "0", "chunked", "Content-Length", "Host: a"),
    fc.constantFrom("Transfer-Encoding", "GET / HTTP/1.1\r\n", "\0", "\t", ",", "\xff"),
    fc.string({ maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const found = parseHead(bytes(`${pieces.join("")}\r\n\r\n`));
      if ("status" in found) return;
      const coded = found.headers.has("transfer-encoding");
      assert.equal(found.length === "chunked", coded);
      assert.ok(!coded || !found.headers.has("content-length"));
      for (const [name, value] of found.headers) assert.doesNotMatch(name + value, /[\r\n\0]/);
    }),
    runs(100),
  );
});
