/**
 * Quantities of CPU and memory as numbers, for comparing and adding them.
 *
 * @module
 */

const SCALES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
};
const BINARY = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"] as const;

/** A quantity in thousandths, rounded up as Kubernetes does (0 is never -0); NaN for what is none. */
export function thousandths(quantity: string): number {
  const [, amount = "", suffix = ""] = /^\+?([0-9.]+)(.*)$/.exec(quantity) ?? [];
  const binary = BINARY.findIndex((one) => one === suffix);
  const scale = suffix === ""
    ? 1
    : binary >= 0
    ? 1024 ** (binary + 1)
    : SCALES[suffix] ?? Number(`1${suffix.toLowerCase()}`);
  return amount === "" ? Number.NaN : Math.ceil(Number(amount) * (scale * 1000) - 1e-6) + 0;
}

/** Thousandths as the shortest quantity that is exactly as much: `150m`, `2`, `64Mi`. */
export function quantityOf(amount: number): string {
  if (amount % 1000 !== 0) return `${amount}m`;
  const whole = amount / 1000;
  const at = BINARY.findLastIndex((_, power) => whole % 1024 ** (power + 1) === 0);
  return at < 0 || whole === 0 ? String(whole) : `${whole / 1024 ** (at + 1)}${BINARY[at]}`;
}
