/**
 * Keeps the server's certificate the one that its source has.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import type { CertificatePair } from "core/serve/tls_generation.ts";
import { delay } from "core/time/clock.ts";
import type { PairSource } from "./file_pair.ts";
import { outOfTime } from "./validity.ts";

const RETRY_MS = 2000;

/** The first certificate, and what hands every other one that follows to `use` until the signal fires. */
export interface KeptCertificate {
  readonly first: CertificatePair;
  /** Why API servers cannot trust what is served now; undefined where they can. */
  readonly trouble: () => string | undefined;
  /** `use` throws where a pair cannot serve; the old one stays then. */
  readonly follow: (use: (pair: CertificatePair) => void) => Promise<void>;
}

/** Reads the first pair; throws what its source throws, unless the source has a stand-in. */
export async function keepCertificate(
  source: PairSource,
  log: Logger,
  signal: AbortSignal,
): Promise<KeptCertificate> {
  let complaint = "";
  /** One line for each trouble, however long it lasts. */
  const complain = (line: string, reason: string) => {
    if (reason !== complaint) log.warn(line, { reason });
    complaint = reason;
  };
  let known: CertificatePair;
  let isStandIn = false;
  try {
    known = await source.current();
    const late = outOfTime(known.certificate);
    if (late !== undefined) complain("API servers will not accept the certificate", late);
  } catch (thrown) {
    if (source.standIn === undefined || signal.aborted) throw thrown;
    complain("no certificate yet, trying again", errorText(thrown));
    known = await source.standIn();
    isStandIn = true;
  }
  const take = (pair: CertificatePair, use: (pair: CertificatePair) => void) => {
    if (pair.certificate === known.certificate && pair.key === known.key) return;
    const late = outOfTime(pair.certificate);
    if (late !== undefined && outOfTime(known.certificate) === undefined && !isStandIn) {
      throw new KumaError("KUMA-WH-022", late);
    }
    use(pair);
    known = pair;
    isStandIn = false;
    complaint = "";
    log.info("certificate reloaded");
  };
  return {
    first: known,
    trouble: () => isStandIn ? `it has no certificate: ${complaint}` : outOfTime(known.certificate),
    async follow(use) {
      while (!signal.aborted) {
        await delay(isStandIn ? RETRY_MS : source.intervalMs, { signal });
        if (signal.aborted) return;
        try {
          take(await source.current(), use);
        } catch (thrown) {
          // Between two writes the files may not fit together: the next look tells.
          const line = isStandIn ? "no certificate yet, trying again" : "certificate not reloaded";
          complain(line, errorText(thrown));
        }
      }
    },
  };
}
