/**
 * JSON Pointer (RFC 6901): text to tokens and back.
 *
 * @module
 */
import { KumaError, oneLine } from "../errors.ts";

/** What a pointer may not walk through: they would reach JavaScript's prototypes instead of the document. */
const FORBIDDEN: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Tokens of a pointer, unescaped; none for the empty pointer (the whole document). Throws
 * `KUMA-WH-010` for a text that is no pointer: no leading slash, `~` without 0 or 1, prototype names.
 */
export function parsePointer(text: string): string[] {
  if (text === "") return [];
  if (!text.startsWith("/")) throw bad(text, "a path starts with /");
  if (/~(?![01])/.test(text)) throw bad(text, "~ is written ~0 and / inside a name ~1");
  const tokens = text.slice(1).split("/").map((token) =>
    token.replaceAll("~1", "/").replaceAll("~0", "~")
  );
  const forbidden = tokens.find((token) => FORBIDDEN.has(token));
  if (forbidden !== undefined) throw bad(text, `no field of a container is called ${forbidden}`);
  return tokens;
}

/** The pointer of these tokens, escaped (RFC 6901, section 3). */
export function formatPointer(tokens: readonly (string | number)[]): string {
  return tokens.map((token) => `/${String(token).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}

function bad(text: string, reason: string): KumaError {
  const line = oneLine(text);
  const shown = line.length > 120 ? `${line.slice(0, 120)}…` : line;
  return new KumaError("KUMA-WH-010", `"${shown}" is not a JSON Pointer: ${reason}`);
}
