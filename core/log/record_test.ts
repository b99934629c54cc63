import assert from "node:assert/strict";
import { formatJson, formatRecord, formatText } from "./format.ts";
import { parseLogLevel, passes } from "./levels.ts";
import type { LogLevel } from "./logger.ts";
import { createLogger, type LogRecord } from "./record.ts";

function collect(level: LogLevel) {
  const records: LogRecord[] = [];
  const logger = createLogger({
    name: "kuma-cni",
    level,
    sink: (record) => records.push(record),
    now: () => new Date("2024-05-01T10:00:00.123Z"),
  });
  return { records, logger };
}

Deno.test("a logger drops what is below its level", () => {
  const { records, logger } = collect("warn");
  logger.debug("a");
  logger.info("b");
  logger.warn("c");
  logger.error("d");
  assert.deepEqual(records.map((record) => record.msg), ["c", "d"]);
});

Deno.test("a logger that is off writes nothing", () => {
  const { records, logger } = collect("off");
  logger.error("d");
  assert.equal(records.length, 0);
  assert.equal(passes("off", "debug"), false);
});

Deno.test("fields of with() are on each line, and later ones win", () => {
  const { records, logger } = collect("info");
  logger.with({ pod: "a/b", n: 1 }).with({ n: 2 }).info("x", { token: "t" });
  assert.deepEqual(records[0]?.fields, { pod: "a/b", n: 2, token: "[redacted]" });
});

Deno.test("no message can forge a second line", () => {
  const { records, logger } = collect("info");
  logger.info("one\ntwo\u2028three", { value: "a\nb\tc" });
  const [record] = records;
  assert.ok(record);
  assert.equal(formatText(record).split("\n").length, 1);
  assert.equal(formatJson(record).split("\n").length, 1);
});

Deno.test("the text form is tab-separated, time first", () => {
  const { records, logger } = collect("info");
  logger.info("skipped", { reason: "no sidecar" });
  logger.info("plain");
  assert.deepEqual(records.map(formatText), [
    '2024-05-01T10:00:00.123Z\tINFO\tkuma-cni\tskipped\t{"reason":"no sidecar"}',
    "2024-05-01T10:00:00.123Z\tINFO\tkuma-cni\tplain",
  ]);
});

Deno.test("the JSON form keeps its four keys against fields of the same name", () => {
  const { records, logger } = collect("info");
  logger.info("m", { msg: "forged", level: "forged" });
  const [record] = records;
  assert.ok(record);
  assert.deepEqual(JSON.parse(formatRecord(record, "json")), {
    ts: "2024-05-01T10:00:00.123Z",
    level: "info",
    logger: "kuma-cni",
    msg: "m",
    "field.msg": "forged",
    "field.level": "forged",
  });
});

Deno.test("parseLogLevel takes any case and refuses what is no level", () => {
  assert.equal(parseLogLevel(" DEBUG "), "debug");
  assert.equal(parseLogLevel("off"), "off");
  assert.equal(parseLogLevel("trace"), undefined);
  assert.equal(parseLogLevel(""), undefined);
});
