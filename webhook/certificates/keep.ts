/**
 * Keeps the server's certificate the one that its source has.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import type { KeyPair } from "../server/tls_gate.ts";
import type { PairSource } from "./file_pair.ts";

/** What is told of a certificate that is now in use. */
export interface KeepOptions {
  readonly source: PairSource;
  /** Takes a pair into use; throws where it cannot serve, the old one stays then. */
  readonly use: (pair: KeyPair) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Takes the first pair into use (throws where there is none) and every other one that follows. Returns
 * a promise that ends with the signal.
 */
export async function keepCertificate(options: KeepOptions): Promise<{ done: Promise<void> }> {
  const first = await options.source.current();
  options.use(first);
  return { done: follow(first, options) };
}

async function follow(first: KeyPair, options: KeepOptions): Promise<void> {
  const { source, use, log, signal } = options;
  let known = first;
  let complaint = "";
  while (!signal.aborted) {
    await pause(source.intervalMs, signal);
    if (signal.aborted) return;
    try {
      const pair = await source.current();
      if (pair.cert === known.cert && pair.key === known.key) continue;
      use(pair);
      known = pair;
      complaint = "";
      log.info("certificate reloaded");
    } catch (thrown) {
      // Between two writes the files may not fit together: the next look tells.
      const reason = errorText(thrown);
      if (reason !== complaint) log.warn("certificate not reloaded", { reason });
      complaint = reason;
    }
  }
}

/** Waits, or until the signal fires. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
