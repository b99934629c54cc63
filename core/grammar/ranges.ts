import type { NumberRange } from "core/proxy/resolved.ts";
import { refused, shown } from "./echo.ts";
import { decimal, MAX_PORT, MAX_UID } from "./numbers.ts";

/** What a range counts; decides its limits and the words of its errors. */
export type RangeKind = "port" | "UID";

const LIMITS = {
  port: { max: MAX_PORT, type: "uint16", code: "KUMA-TP-002" },
  UID: { max: MAX_UID, type: "uint32", code: "KUMA-TP-004" },
} as const;

/**
 * Reads `a` or `a-b` with `a` ≤ `b`, as it stands in a UID exclusion (where port 0 is tolerated).
 *
 * @throws KumaError `KUMA-TP-002` (ports) or `KUMA-TP-004` (UIDs), in the words of Kuma 2.9. Kuma lets
 * `90-80` through, which iptables then refuses; here it is refused at once.
 */
export function parseRange(text: string, kind: RangeKind): NumberRange {
  const { max, type, code } = LIMITS[kind];
  const fail = (reason: string) =>
    refused(
      code,
      `invalid ${kind} range: validation failed for value or range '${shown(text)}': ${reason}`,
    );
  const parts = text.split("-").map((part) => part.trim());
  if (parts.length > 2) throw fail("it should be a single value or 'from-to'");
  const numbers = parts.map((part) => {
    const value = decimal(part, max);
    if (value === undefined) throw fail(`invalid ${type} value: '${shown(part)}'`);
    return value;
  });
  const [from = 0, to = from] = numbers;
  if (from > to) throw fail(`it goes from ${from} down to ${to}`);
  return { from, to };
}

/** Reads a comma list of {@linkcode parseRange} items; an empty item is an error. */
export function parseRanges(text: string, kind: RangeKind): NumberRange[] {
  return text.split(",").map((item) => parseRange(item, kind));
}
