/**
 * What YAML 1.1 makes of a plain scalar that looks like a number, as the YAML library of Kuma 2.9 reads it
 * (Go's `strconv.ParseInt` with base 0, underscores left out, then a float): `017` is 15, `0x50` is 80,
 * `1_5` is 15, `80.0` is 80, and `08`, which is no octal number, is 8.
 *
 * @module
 */

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** Base 0 of Go; `0o17` and `017` are the same. */
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;

/** A number that was written in a plain scalar, in plain decimal digits where it is whole; undefined for a text. */
export function yamlNumber(text: string): string | undefined {
  // Whoever starts with neither a digit, a sign nor a point is a text, `_1` too.
  if (text.length > 64 || !/^[-+.0-9]/.test(text)) return undefined;
  const plain = text.replaceAll("_", "");
  const [, sign, hex, binary, octal, decimal] = INTEGER.exec(plain) ?? [];
  const digits = hex !== undefined
    ? `0x${hex}`
    : binary !== undefined
    ? `0b${binary}`
    : octal !== undefined
    ? `0o${octal}`
    : decimal;
  if (digits !== undefined) {
    const value = BigInt(digits);
    return String(sign === "-" ? -value : value);
  }
  // Only what starts with a point is read with its underscores, and then is no number.
  if (text.startsWith(".") && text.includes("_")) return undefined;
  return FLOAT.test(plain) ? String(Number(plain)) : undefined;
}

/** Whether a person most likely meant another number than {@linkcode yamlNumber} gives: one with leading zeros. */
export function isMisleading(text: string): boolean {
  return /^[-+]?0[0-9_]+$/.test(text) && !/^[-+]?[0_]+$/.test(text);
}
