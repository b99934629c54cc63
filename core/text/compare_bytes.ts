/**
 * The order that Go and Kubernetes give texts.
 *
 * @module
 */

/**
 * Orders texts as the bytes of their UTF-8 do, which is by code point; by itself JavaScript puts characters above U+FFFF
 * before some below. Negative, 0 or positive, as `sort` wants it.
 */
export function compareBytes(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  for (let at = 0; at < shorter; at++) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (a !== b) return rank(a) - rank(b);
  }
  return left.length - right.length;
}

/** Halves of characters above U+FFFF (U+D800 to U+DFFF) stand after all others. */
const rank = (unit: number) => unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
