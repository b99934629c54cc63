/**
 * Text that a terminal only shows.
 *
 * @module
 */

/**
 * Control characters but tab and line feed (the eight-bit ones too: terminals take U+009B for ESC [), and marks that
 * reorder text or end a line unseen.
 */
const HIDDEN =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * The text with such characters as `\u001b`. What is printed has names and comments of others in it (rules, pods,
 * files): none of them may command the terminal of whoever looks. In a JSON string it means the same as before.
 */
export function legible(text: string): string {
  return text.replace(
    HIDDEN,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The same in one line: a line end is shown as `\n`, so that nobody's comment looks like a line of ours. */
export function legibleLine(text: string): string {
  return legible(text).replaceAll("\n", "\\n");
}
