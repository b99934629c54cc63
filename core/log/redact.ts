/**
 * Takes secrets out of what is about to be logged. Two nets: names of fields that hold secrets, and
 * shapes of secrets in any text (bearer tokens, JSON Web Tokens, private keys, `token=…` pairs).
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import type { LogFields } from "./logger.ts";

/** What stands in the place of a secret. */
export const REDACTED = "[redacted]";

/** Longest text of one value in a log line, in UTF-16 units; more is cut off with a note. */
const MAX_VALUE_LENGTH = 2048;

const MAX_DEPTH = 4;
const MAX_ITEMS = 64;

/** Compared with everything but letters removed: `client-key-data`, `clientKeyData`, `CLIENT_KEY_DATA`. */
const SECRET_NAME =
  /(token|authori[sz]ation|passw(or)?d|passphrase|secret|clientkey|clientkeydata|privatekey|apikey|credentials?|cookie|bearer)s?$/;

/** None looks for what stands before the telling word: 120 KB of `token-token-…` took half a minute so. */
const SECRET_SHAPES: readonly (readonly [RegExp, string])[] = [
  [
    /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
    REDACTED,
  ],
  // A JSON Web Token: base64url of `{"`, a dot, and what follows; a cut-off one counts too.
  [/eyJ[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*){0,2}/g, REDACTED],
  [/\b(bearer|basic)(\s+|%20)[A-Za-z0-9._~+/=-]+/gi, `$1 ${REDACTED}`],
  [
    /((?:token|password|passwd|secret|authorization|client-key-data)["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,;&}"']+)/gi,
    `$1${REDACTED}`,
  ],
];

/** The text without anything that looks like a secret. */
export function redactText(text: string): string {
  let clean = text;
  for (const [shape, replacement] of SECRET_SHAPES) clean = clean.replace(shape, replacement);
  return clean;
}

/** The fields as plain JSON data without secrets: bounded in length, depth and number; never throws. */
export function redactFields(fields: LogFields): Record<string, unknown> {
  return redactRecord(fields, 0);
}

function redactRecord(record: Readonly<Record<string, unknown>>, depth: number) {
  const clean: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(record).slice(0, MAX_ITEMS)) {
    if (value === undefined) continue;
    const name = redactText(key);
    clean[name] = isSecretName(key) ? REDACTED : redactValue(value, depth + 1);
  }
  return clean;
}

function redactValue(value: unknown, depth: number): unknown {
  if (value === null || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value === "string") return shorten(redactText(value));
  if (value instanceof Error) return shorten(redactText(errorText(value)));
  if (typeof value !== "object") return shorten(redactText(String(value)));
  if (depth > MAX_DEPTH) return "[nested too deeply]";
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ITEMS).map((item) => redactValue(item, depth + 1));
  }
  return redactRecord(value as Readonly<Record<string, unknown>>, depth);
}

function isSecretName(key: string): boolean {
  return SECRET_NAME.test(key.toLowerCase().replace(/[^a-z]/g, ""));
}

function shorten(text: string): string {
  if (text.length <= MAX_VALUE_LENGTH) return text;
  return `${text.slice(0, MAX_VALUE_LENGTH)}… (${text.length} characters)`;
}
