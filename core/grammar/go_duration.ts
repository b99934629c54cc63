/**
 * Durations as Go writes and reads them (`time.ParseDuration`, `Duration.String`), in nanoseconds. The
 * sidecar is a Go program: what ends up in its environment must be exactly this notation.
 *
 * @module
 */

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "µs": 1_000n,
  "μs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Go counts in 64 bits with a sign: some 292 years. */
const MOST = 2n ** 63n - 1n;

/** Reads a duration into nanoseconds. Throws a `RangeError` with Go's words. */
export function parseGoDuration(text: string): bigint {
  const invalid = () => new RangeError(`time: invalid duration ${JSON.stringify(text)}`);
  const [, sign = "", rest = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === "0") return 0n;
  if (rest === "" || text.length > 64) throw invalid();
  let total = 0n;
  let at = 0;
  while (at < rest.length) {
    const [whole, amount = "", unit = ""] = /^([0-9]*\.?[0-9]*)([^0-9.]*)/.exec(rest.slice(at)) ??
      [];
    if (whole === undefined || !/[0-9]/.test(amount)) throw invalid();
    if (unit === "") throw new RangeError(`time: missing unit in duration ${JSON.stringify(text)}`);
    const factor = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
    if (factor === undefined) {
      const shown = `${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`;
      throw new RangeError(`time: unknown unit ${shown}`);
    }
    total += scaled(amount, factor);
    at += whole.length;
  }
  if (total > MOST) throw invalid();
  return sign === "-" ? -total : total;
}

/** `1.5` of a unit; what is less than a nanosecond is cut off. */
function scaled(amount: string, factor: bigint): bigint {
  const [whole = "", fraction = ""] = amount.split(".");
  return BigInt(`${whole}${fraction}` || "0") * factor / 10n ** BigInt(fraction.length);
}

/** Writes nanoseconds as Go does: `30s`, `1m0s`, `1h0m0s`, `500ms`, `1.5s`, `100µs`, `0s`. */
export function formatGoDuration(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? "-" : "";
  const rest = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (rest === 0n) return "0s";
  if (rest < 1_000n) return `${sign}${rest}ns`;
  if (rest < 1_000_000n) return `${sign}${decimals(rest, 3)}µs`;
  if (rest < 1_000_000_000n) return `${sign}${decimals(rest, 6)}ms`;
  const hours = rest / 3_600_000_000_000n;
  const minutes = rest / 60_000_000_000n % 60n;
  const seconds = decimals(rest % 60_000_000_000n, 9);
  const head = hours > 0n ? `${hours}h${minutes}m` : minutes > 0n ? `${minutes}m` : "";
  return `${sign}${head}${seconds}s`;
}

/** The number shifted right by `digits` decimal places, without trailing zeros. */
function decimals(value: bigint, digits: number): string {
  const text = String(value).padStart(digits + 1, "0");
  const fraction = text.slice(-digits).replace(/0+$/, "");
  return fraction === "" ? text.slice(0, -digits) : `${text.slice(0, -digits)}.${fraction}`;
}
