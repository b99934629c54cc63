/**
 * Flags whose value is a map or a list, in the grammar of Go's pflag: one `=` makes the whole argument one pair, so
 * that commas stay in its value; more than one makes it a record of comma-separated pairs.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";

/**
 * The pairs of one argument.
 *
 * @throws {KumaError} `KUMA-CP-003` naming the flag
 */
export function parseMapFlag(flag: string, argument: string): [string, string][] {
  const single = argument.split("=").length === 2;
  const fields = single ? [argument.replace(/^"+|"+$/g, "")] : commaFields(flag, argument);
  return fields.map((field) => {
    const at = field.indexOf("=");
    if (at < 0) {
      throw new KumaError("KUMA-CP-003", `--${flag}: "${shown(field)}" is not NAME=VALUE`, {
        hint: "give each pair a flag of its own; a comma then belongs to the value",
      });
    }
    return [field.slice(0, at), field.slice(at + 1)];
  });
}

/**
 * The fields of one record of comma-separated values (RFC 4180).
 *
 * @throws {KumaError} `KUMA-CP-003` for a quote that does not end
 */
export function commaFields(flag: string, record: string): string[] {
  const fields: string[] = [];
  for (let at = 0; at <= record.length;) {
    if (record[at] !== '"') {
      const comma = record.indexOf(",", at);
      const end = comma < 0 ? record.length : comma;
      fields.push(record.slice(at, end));
      at = end + 1;
      continue;
    }
    const match = /^"((?:[^"]|"")*)"(?:,|$)/.exec(record.slice(at));
    if (match === null) {
      throw new KumaError("KUMA-CP-003", `--${flag}: a quote in "${shown(record)}" does not end`);
    }
    fields.push((match[1] ?? "").replaceAll('""', '"'));
    at += match[0].length + (match[0].endsWith(",") ? 0 : 1);
  }
  return fields;
}
