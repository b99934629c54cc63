/**
 * Puts our entries into the text of a direct.xml, and takes them out again with not one other byte
 * changed: what is put in starts behind the last character that is no blank, and what is taken out
 * includes the blanks ahead of it.
 *
 * @module
 */
import { directEntries, isOurElement, keyOf, MARK } from "./entries.ts";
import type { Ruleset } from "../rules/model.ts";
import type { RenderOptions } from "../rules/render.ts";
import { type DirectDocument, scanDirect, type Span } from "./scan.ts";

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<direct>';
const TAIL = "\n</direct>";
/** End tag in place of what was `<direct/>`, so that taking out can tell: nobody else writes two blanks. */
const WAS_EMPTY = "</direct  >";

/**
 * The text with exactly the entries of `rulesets` as ours; `undefined` stands for a file that is not there.
 * An entry that somebody else wrote already is not written twice.
 *
 * @throws KumaError `KUMA-TP-221` with line and column where the text is malformed.
 */
export function mergeDirect(
  text: string | undefined,
  rulesets: readonly Ruleset[],
  options: RenderOptions = {},
): string {
  const bare = (text === undefined ? undefined : removeDirect(text)) ?? HEAD + TAIL;
  const document = scanDirect(bare);
  const present = new Set(document.children.map(keyOf));
  const lines = directEntries(rulesets, options).filter(({ key }) => !present.has(key))
    .map(({ xml }) => `\n  ${xml}`).join("");
  if (lines === "") return bare;
  const { startTag, endTag } = document;
  if (endTag === undefined) {
    const opened = bare.slice(startTag.from, startTag.to).replace(/\/>$/, ">");
    return bare.slice(0, startTag.from) + opened + lines + `\n${WAS_EMPTY}` +
      bare.slice(startTag.to);
  }
  const at = endOfInk(bare, endTag.from);
  return bare.slice(0, at) + lines + bare.slice(at);
}

/**
 * The text without our entries: byte for byte what it was before them, and undefined where the file was
 * our own creation.
 *
 * @throws KumaError `KUMA-TP-221` with line and column where the text is malformed.
 */
export function removeDirect(text: string): string | undefined {
  const document = scanDirect(text);
  const spans = ourSpans(text, document);
  if (spans.length === 0) return text;
  let left = "";
  let at = 0;
  for (const { from, to } of spans) {
    left += text.slice(at, from);
    at = to;
  }
  left += text.slice(at);
  return left === HEAD + TAIL ? undefined : closedAgain(left);
}

/** Our elements in order, each with the mark and the blanks ahead of it. */
function ourSpans(text: string, { children }: DirectDocument): Span[] {
  return children.flatMap((element) => {
    const marked = text.slice(0, element.from).endsWith(MARK);
    if (!marked && !isOurElement(element)) return [];
    const from = marked ? element.from - MARK.length : element.from;
    return [{ from: endOfInk(text, from), to: element.to }];
  });
}

/** Where the blanks that end at `at` begin. */
function endOfInk(text: string, at: number): number {
  while (at > 0 && /\s/.test(text.charAt(at - 1))) at--;
  return at;
}

function closedAgain(text: string): string {
  const { startTag, endTag, children } = scanDirect(text);
  if (endTag === undefined || children.length > 0) return text;
  if (text.slice(endTag.from, endTag.to) !== WAS_EMPTY) return text;
  if (text.slice(startTag.to, endTag.from) !== "\n") return text;
  return `${text.slice(0, startTag.to - 1)}/>${text.slice(endTag.to)}`;
}
