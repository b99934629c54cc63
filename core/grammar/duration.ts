import { refused, shown } from "./echo.ts";
import { formatGoDuration, parseGoDuration } from "./go_duration.ts";

/** A day: long waits are mistakes, and the number stays exact. */
const MAX_MILLISECONDS = 86_400_000;

/**
 * Reads a pause and gives milliseconds: Go's form (`300ms`, `2s`, `1m30s`), a whole number of
 * nanoseconds (`2000000000`), or either of them in double quotes, which is all that the flag of Kuma 2.9
 * takes.
 *
 * @throws KumaError `KUMA-TP-007` for anything else, for negative and for more than a day.
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  const bare = /^".*"$/.test(trimmed) ? trimmed.slice(1, -1).trim() : trimmed;
  const milliseconds = (/^[0-9]{1,15}$/.test(bare) ? Number(bare) : goNanoseconds(bare)) / 1e6;
  if (!(milliseconds >= 0 && milliseconds <= MAX_MILLISECONDS)) {
    throw refused(
      "KUMA-TP-007",
      `value '${
        shown(text)
      }' is not a valid duration (such as '300ms', '2s' or '1m30s', at most 24h)`,
    );
  }
  return milliseconds;
}

function goNanoseconds(text: string): number {
  try {
    return Number(parseGoDuration(text));
  } catch (thrown) {
    if (thrown instanceof RangeError) return NaN;
    throw thrown;
  }
}

/** Writes milliseconds as Go does: `2s`, `1m30s`, `300ms`, `0s`. */
export function formatDuration(milliseconds: number): string {
  return formatGoDuration(BigInt(Math.round(milliseconds * 1e6)));
}
