/**
 * Durations as Go writes and reads them (`time.ParseDuration`, `Duration.String`), in nanoseconds. The
 * sidecar is a Go program: what ends up in its environment must be exactly this notation.
 *
 * @module
 */

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  "µs": 1e3,
  "μs": 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Reads a duration into nanoseconds. Throws a `RangeError` with Go's words. */
export function parseGoDuration(text: string): number {
  const invalid = () => new RangeError(`time: invalid duration ${JSON.stringify(text)}`);
  const [, sign = "", rest = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === "0") return 0;
  if (rest === "" || text.length > 64) throw invalid();
  let total = 0;
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
    total += Number(amount) * factor;
    at += whole.length;
  }
  if (!(total <= Number.MAX_SAFE_INTEGER)) throw invalid();
  return sign === "-" ? -Math.floor(total) : Math.floor(total);
}

/** Writes nanoseconds as Go does: `30s`, `1m0s`, `1h0m0s`, `500ms`, `1.5s`, `100µs`, `0s`. */
export function formatGoDuration(nanoseconds: number): string {
  const sign = nanoseconds < 0 ? "-" : "";
  const rest = Math.abs(nanoseconds);
  if (rest === 0) return "0s";
  if (rest < 1e3) return `${sign}${rest}ns`;
  if (rest < 1e6) return `${sign}${decimals(rest, 3)}µs`;
  if (rest < 1e9) return `${sign}${decimals(rest, 6)}ms`;
  const hours = Math.floor(rest / 3600e9);
  const minutes = Math.floor(rest / 60e9) % 60;
  const seconds = decimals(rest % 60e9, 9);
  const head = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : "";
  return `${sign}${head}${seconds}s`;
}

/** The number shifted right by `digits` decimal places, without trailing zeros. */
function decimals(value: number, digits: number): string {
  const text = String(value).padStart(digits + 1, "0");
  const fraction = text.slice(-digits).replace(/0+$/, "");
  return fraction === "" ? text.slice(0, -digits) : `${text.slice(0, -digits)}.${fraction}`;
}
