/**
 * Counters of `pod_counters`: one array of numbers for each processor.
 *
 * @module
 */
import { VERDICT_COUNT, VERDICTS } from "./layout.ts";

/** A pod's connections by verdict, without the prefix `VERDICT_`, in small letters with dashes: `error-lost`. */
export type Counts = ReadonlyMap<string, bigint>;

/** The sums over all processors of a value that was read from the map. */
export function decodeCounters(bytes: Uint8Array): Counts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const counts = new Map<string, bigint>();
  for (const [name, verdict] of Object.entries(VERDICTS)) {
    let sum = 0n;
    for (let at = verdict * 8; at < bytes.length; at += VERDICT_COUNT * 8) {
      sum += view.getBigUint64(at, true);
    }
    counts.set(verdictName(name), sum);
  }
  return counts;
}

/** The zeros that a new entry has, for as many processors as the kernel counts (/sys/devices/system/cpu/possible). */
export function emptyCounters(processors: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(processors * VERDICT_COUNT * 8);
}

/** The word for a verdict's number; undefined for one that this version does not know. */
export function verdictWord(verdict: number): string | undefined {
  const found = Object.entries(VERDICTS).find(([, value]) => value === verdict);
  return found === undefined ? undefined : verdictName(found[0]);
}

function verdictName(constant: string): string {
  return constant.replace("VERDICT_", "").toLowerCase().replaceAll("_", "-");
}
