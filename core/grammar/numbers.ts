/**
 * Numbers as text. Only ASCII digits count: `Number("１２")`, `Number("1e3")` and `Number(" ")` all give
 * something, and none of them may become part of a rule.
 *
 * @module
 */
import { isDigits } from "./characters.ts";
import { refused, shown } from "./echo.ts";

/** Largest UID that a rule can match: 2³² - 1 is the kernel's "no such user". */
export const MAX_UID = 4_294_967_294;
/** Largest port. */
export const MAX_PORT = 65_535;
/** Largest value of a counter such as `--wait`; what a signed 32-bit option of iptables takes. */
const MAX_UINT = 2_147_483_647;

/** Reads plain decimal digits, at most ten, without sign; undefined for anything else or above `max`. */
export function decimal(text: string, max: number): number | undefined {
  if (!isDigits(text, 10)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

/**
 * Reads an unsigned number as Go does with base 0: decimal, `0x`, `0o`, `0b`.
 *
 * @throws KumaError `KUMA-TP-009` for anything else or above `max`.
 */
export function parseUint(text: string, max: number = MAX_UINT): number {
  const trimmed = text.trim();
  const prefixed = /^0([xX][0-9a-fA-F]{1,8}|[oO][0-7]{1,11}|[bB][01]{1,32})$/.test(trimmed);
  const value = prefixed ? Number(trimmed.toLowerCase()) : decimal(trimmed, max);
  if (value === undefined || value > max) {
    throw refused(
      "KUMA-TP-009",
      `value '${shown(text)}' is not a valid number (unsigned integer of at most ${max})`,
    );
  }
  return value;
}

/**
 * Reads a UID: decimal digits, 0 to 4294967294.
 *
 * @throws KumaError `KUMA-TP-004` for anything else.
 */
export function parseUid(text: string): number {
  const value = decimal(text.trim(), MAX_UID);
  if (value === undefined) {
    throw refused(
      "KUMA-TP-004",
      `value '${shown(text)}' is not a valid UID (decimal number in the range [0, ${MAX_UID}])`,
    );
  }
  return value;
}
