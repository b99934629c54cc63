/**
 * A log that nobody can flood by asking: what goes beyond a rate is left out, and counted.
 *
 * @module
 */
import type { LogFields, Logger } from "core/log/logger.ts";
import { Rate } from "./rate.ts";

/** A roll-out over a large cluster makes some hundred pods at once, then some dozens a second. */
const BURST = 1000;
const PER_SECOND = 50;

/** Passes lines on at that rate; the first one after a pause says how many there would have been. */
export function limitLog(log: Logger, rate: Rate = new Rate(BURST, PER_SECOND)): Logger {
  return limited(log, log, { rate, leftOut: 0 });
}

function limited(log: Logger, bare: Logger, state: { rate: Rate; leftOut: number }): Logger {
  const line = (level: "info" | "warn" | "error") => (message: string, fields?: LogFields) => {
    if (!state.rate.take()) {
      state.leftOut++;
      return;
    }
    if (state.leftOut > 0) bare.warn("lines were left out of the log", { lines: state.leftOut });
    state.leftOut = 0;
    log[level](message, fields);
  };
  return {
    // Whoever turns these on wants all of them, and mostly they are off.
    debug: (message, fields) => log.debug(message, fields),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    with: (fields) => limited(log.with(fields), bare, state),
  };
}
