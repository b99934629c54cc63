/**
 * Keeps the server's certificate the one that its source has.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import type { CertificatePair } from "../server/tls_generation.ts";
import type { PairSource } from "./file_pair.ts";

const RETRY_MS = 2000;

/** The first certificate, and what hands every other one that follows to `use` until the signal fires. */
export interface KeptCertificate {
  readonly first: CertificatePair;
  /** `use` throws where a pair cannot serve; the old one stays then. */
  readonly follow: (use: (pair: CertificatePair) => void) => Promise<void>;
}

/** Reads the first pair; throws what its source throws, unless the source is patient. */
export async function keepCertificate(
  source: PairSource,
  log: Logger,
  signal: AbortSignal,
): Promise<KeptCertificate> {
  const first = await firstPair(source, log, signal);
  return {
    first,
    async follow(use) {
      let known = first;
      let complaint = "";
      while (!signal.aborted) {
        await pause(source.intervalMs, signal);
        if (signal.aborted) return;
        try {
          const pair = await source.current();
          if (pair.certificate === known.certificate && pair.key === known.key) continue;
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
    },
  };
}

async function firstPair(
  source: PairSource,
  log: Logger,
  signal: AbortSignal,
): Promise<CertificatePair> {
  for (;;) {
    try {
      return await source.current();
    } catch (thrown) {
      if (!source.patient || signal.aborted) throw thrown;
      log.warn("no certificate yet, trying again", { reason: errorText(thrown) });
      await pause(RETRY_MS, signal);
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
