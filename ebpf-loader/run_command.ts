/**
 * `kuma-ebpf-loader run`.
 *
 * @module
 */
import { formatRecord } from "core/log/format.ts";
import type { Logger } from "core/log/logger.ts";
import { createLogger } from "core/log/record.ts";
import { MAX_PORT } from "core/grammar/numbers.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { loggerFor, wholeNumber } from "core/program/serve_flags.ts";
import { endingSignal } from "core/program/signals.ts";
import { cgroupOf, placeOf } from "./place.ts";
import { runNode } from "./run.ts";

/** Runs until the process is asked to end. */
export async function runCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const log = loggerFor("kuma-ebpf-loader", parsed);
  const place = placeOf(parsed);
  const ending = endingSignal();
  const cgroup = cgroupOf(place, io);
  if (cgroup === undefined) return 1;
  await runNode({
    pins: place.pins,
    cgroup,
    accelerate: parsed.on("accelerate"),
    detach: parsed.on("detach-on-exit"),
    eventsPerSecond: wholeNumber(parsed, "events-per-second", 100_000),
    address: parsed.text("address") ?? "",
    port: wholeNumber(parsed, "port", MAX_PORT),
    log,
    events: eventLogger(parsed, io),
    ending,
  });
  return 0;
}

/** Events are results, so they go to standard output. */
function eventLogger(parsed: ParsedCommand, io: Io): Logger {
  const format = parsed.choice("log-format", ["json", "text"]);
  return createLogger({
    name: "kuma-ebpf-events",
    level: "info",
    sink: (record) => io.out(`${formatRecord(record, format)}\n`),
  });
}
