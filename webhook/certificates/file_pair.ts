/**
 * The serving certificate in files: `tls.crt` and `tls.key` of one folder, looked at every second. A
 * mounted Secret changes by a renamed link, so the text is compared, not a time stamp.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { CertificatePair } from "core/serve/tls_generation.ts";

/** Reads the pair. Throws `KUMA-WH-022` naming the file. */
function readPair(directory: string): CertificatePair {
  return { certificate: read(`${directory}/tls.crt`), key: read(`${directory}/tls.key`) };
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    throw new KumaError("KUMA-WH-022", `${path}: ${errorText(cause)}`, { cause });
  }
}

/** Where a pair comes from; asked again and again. */
export interface PairSource {
  /** Asked this often. */
  readonly intervalMs: number;
  /**
   * What to serve with while there is no pair yet: nobody trusts it, but kubelet, which does not ask, can
   * see at `/readyz` what is missing. Without it, a missing first pair is an error at once.
   */
  readonly standIn?: () => Promise<CertificatePair>;
  /** The pair of now. */
  current(): CertificatePair | Promise<CertificatePair>;
}

/** The files of a folder. */
export function fileSource(directory: string): PairSource {
  return { intervalMs: 1000, current: () => readPair(directory) };
}
