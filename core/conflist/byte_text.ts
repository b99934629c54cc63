/**
 * Files of others as text in which every byte is one character.
 *
 * JSON's structure is ASCII, and a byte of a longer UTF-8 sequence is never ASCII. So an editor that only
 * looks at structure can work on bytes read as Latin-1: offsets are byte offsets, and whatever the file
 * holds (a BOM, invalid UTF-8 that a Go runtime accepts, any script) leaves it exactly as it came.
 *
 * @module
 */

const BOM = "\u00ef\u00bb\u00bf";

/** Every byte as the character of the same number. The inverse is {@linkcode bytesOf}. */
export function byteText(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  }
  return parts.join("");
}

/**
 * The bytes of a text made by {@linkcode byteText}.
 *
 * @throws {RangeError} when it holds a character above U+00FF, that is, ordinary text
 */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0xff) throw new RangeError(`Cannot turn character ${code} at ${at} into one byte`);
    bytes[at] = code;
  }
  return bytes;
}

/** How many characters of byte text a UTF-8 byte order mark at its start takes: 3, or 0 without one. */
export function bomLength(text: string): number {
  return text.startsWith(BOM) ? BOM.length : 0;
}

/** JSON in ASCII only (`\uXXXX` for the rest), which reads the same as byte text and as ordinary text. */
export function asciiJson(value: unknown, indent?: string): string {
  const json = JSON.stringify(value, null, indent);
  return json.replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
