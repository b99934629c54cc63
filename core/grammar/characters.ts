/**
 * Whether the text is made of ASCII digits alone: at least one, at most `most`. Without a regular expression, which has to be
 * compiled at its first use and again at its second: this is asked a few times each by programs that are over in a moment.
 */
export function isDigits(text: string, most = Infinity): boolean {
  if (text.length === 0 || text.length > most) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

/** Whether the text is one or more ASCII letters, digits and `others`; without a regular expression as {@linkcode isDigits}. */
export function isMadeOf(text: string, others: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i), letter = code | 0x20;
    if (letter >= 0x61 && letter <= 0x7a || code >= 0x30 && code <= 0x39) continue;
    if (!others.includes(text.charAt(i))) return false;
  }
  return text !== "";
}
