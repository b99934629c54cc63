import { refused, shown } from "./echo.ts";

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  "µs": 1e3,
  "μs": 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
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
  const milliseconds = /^[0-9]{1,15}$/.test(bare) ? Number(bare) / 1e6 : goDuration(bare);
  if (milliseconds === undefined || milliseconds > MAX_MILLISECONDS) {
    throw refused(
      "KUMA-TP-007",
      `value '${
        shown(text)
      }' is not a valid duration (such as '300ms', '2s' or '1m30s', at most 24h)`,
    );
  }
  return milliseconds;
}

function goDuration(text: string): number | undefined {
  if (text.length > 64 || !/^(?:[0-9]+(?:\.[0-9]*)?(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) {
    return undefined;
  }
  let nanoseconds = 0;
  for (const [, amount = "", unit = ""] of text.matchAll(/([0-9.]+)([a-zµμ]+)/g)) {
    nanoseconds += Number(amount) * (NANOSECONDS[unit] ?? Number.NaN);
  }
  return Number.isFinite(nanoseconds) ? nanoseconds / 1e6 : undefined;
}

/** Writes milliseconds as Go does: `2s`, `1m30s`, `300ms`, `0s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return "0s";
  if (milliseconds < 1000) return `${milliseconds}ms`;
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor(milliseconds / 60_000) % 60;
  const seconds = Math.round(milliseconds % 60_000 * 1e6) / 1e9;
  const head = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : "";
  return `${head}${seconds}s`;
}
