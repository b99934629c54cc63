import assert from "node:assert/strict";
import type { LogFields, Logger } from "core/log/logger.ts";
import { limitLog } from "./limited_log.ts";
import { Rate } from "./rate.ts";

Deno.test("lines beyond the rate are counted, over all loggers that were made of one", () => {
  const lines: string[] = [];
  const write = (message: string, fields?: LogFields) =>
    void lines.push(fields?.lines === undefined ? message : `${message}: ${fields.lines}`);
  const log: Logger = { debug: write, info: write, warn: write, error: write, with: () => log };
  let now = 0;
  const limit = limitLog(log, new Rate(2, 1, () => now));
  for (const one of ["a", "b", "c"]) limit.info(one);
  limit.with({ pod: "x" }).error("d");
  limit.debug("e");
  now += 1000;
  limit.warn("f");
  assert.deepEqual(lines, ["a", "b", "e", "lines were left out of the log: 2", "f"]);
});
