import assert from "node:assert/strict";
import fc from "fast-check";
import type { LogRecord } from "./record.ts";
import { decodeWireLine, encodeWireLine, MAX_WIRE_LINE, WireDecoder } from "./wire.ts";
import { runs } from "tests/support/property.ts";

const record = (msg: string, fields: Record<string, unknown> = {}): LogRecord => ({
  ts: "2024-05-01T10:00:00.123Z",
  level: "info",
  logger: "kuma-cni",
  msg,
  fields,
});

const join = (parts: Uint8Array[]) => new Uint8Array(parts.flatMap((part) => [...part]));

Deno.test("a record comes out as it went in, however the bytes are cut", () => {
  const message = fc.string({ unit: "grapheme-ascii", maxLength: 40 })
    .map((text) => `m ${text.replace(/[=:"'\s]/g, "_")} é€😀`);
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 6 }),
      fc.integer({ min: 1, max: 50 }),
      (all, cut) => {
        const sent = all.map((text) => record(text, { pod: "a/b", n: 1 }));
        const bytes = join(sent.map(encodeWireLine));
        const decoder = new WireDecoder();
        const received: LogRecord[] = [];
        for (let at = 0; at < bytes.length; at += cut) {
          received.push(...decoder.push(bytes.subarray(at, at + cut)));
        }
        assert.deepEqual(received, sent);
        assert.equal(decoder.dropped, 0);
      },
    ),
    runs(300),
  );
});

Deno.test("a line never exceeds the limit", () => {
  const fat = encodeWireLine(record("m", { a: "x".repeat(MAX_WIRE_LINE) }));
  assert.deepEqual(decodeWireLine(new TextDecoder().decode(fat))?.fields, { truncated: true });
  const long = encodeWireLine(record("\u0001".repeat(MAX_WIRE_LINE)));
  assert.ok(long.length <= MAX_WIRE_LINE);
  assert.notEqual(decodeWireLine(new TextDecoder().decode(long)), undefined);
});

Deno.test("the decoder drops what is no record and goes on", () => {
  const decoder = new WireDecoder();
  const encoder = new TextEncoder();
  const good = encodeWireLine(record("good"));
  for (
    const bad of [
      "not json",
      "[]",
      "null",
      '{"v":2,"ts":"t","level":"info","logger":"l","msg":"m","fields":{}}',
      '{"v":1,"ts":"t","level":"off","logger":"l","msg":"m","fields":{}}',
      '{"v":1,"ts":"t","level":"info","logger":"l","msg":1,"fields":{}}',
      '{"v":1,"ts":"t","level":"info","logger":"l","msg":"m"}',
    ]
  ) assert.deepEqual(decoder.push(encoder.encode(`${bad}\n`)), []);
  assert.equal(decoder.dropped, 7);
  assert.equal(decoder.push(good)[0]?.msg, "good");
});

Deno.test("the decoder skips an endless line in bounded memory", () => {
  const decoder = new WireDecoder();
  const chunk = new Uint8Array(10_000).fill(120);
  for (let i = 0; i < 100; i += 1) assert.deepEqual(decoder.push(chunk), []);
  const after = decoder.push(join([new Uint8Array([10]), encodeWireLine(record("after"))]));
  assert.deepEqual(after.map((one) => one.msg), ["after"]);
  assert.equal(decoder.dropped, 1);
});

Deno.test("a secret that a sender let through stops at the reader", () => {
  const line = JSON.stringify({ v: 1, ...record("Bearer abcdef", { token: "abcdef" }) });
  assert.doesNotMatch(JSON.stringify(decodeWireLine(line)), /abcdef/);
});
