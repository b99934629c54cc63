/**
 * The grammars of labels and annotations, with the error texts that Kuma's users know.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

/** A wrong value, at most this much of it is shown. */
const SHOWN = 120;

/** The value as it appears in a message: blanks are often what is wrong with it, so they stay. */
export function quoted(value: string): string {
  return JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value);
}

/** Go's quoted list: `["a" "b"]`. */
export function quotedList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(" ")}]`;
}

/** The error for a value outside its grammar. */
export function wrongValue(
  name: string,
  value: string,
  hint?: string,
  kind: "annotation" | "label" = "annotation",
): KumaError {
  const options = hint === undefined ? {} : { hint };
  return new KumaError(
    "KUMA-WH-002",
    `${kind} "${name}" has wrong value ${quoted(value)}`,
    options,
  );
}

/** `true`, `yes`, `enabled`, `false`, `no`, `disabled`, exactly so. */
export function readSwitch(
  name: string,
  value: string,
  kind: "annotation" | "label" = "annotation",
): boolean {
  if (value === "true" || value === "yes" || value === "enabled") return true;
  if (value === "false" || value === "no" || value === "disabled") return false;
  throw wrongValue(name, value, undefined, kind);
}

/** Decimal digits, at most `max`; leading zeros are fine, signs and blanks are not. */
export function readUint(name: string, value: string, max: number): number {
  const problem = !/^[0-9]+$/.test(value)
    ? "invalid syntax"
    : Number(value) > max
    ? "value out of range"
    : undefined;
  if (problem === undefined) return Number(value);
  throw new KumaError(
    "KUMA-WH-002",
    `failed to parse annotation "${name}": strconv.ParseUint: parsing ${quoted(value)}: ${problem}`,
  );
}

/** A comma list; blanks around items and empty items are dropped. */
export function readList(value: string): string[] {
  return value.split(",").map((item) => item.trim()).filter((item) => item !== "");
}
