/**
 * Reads firewalld's direct.xml (firewalld.direct(5)) into places: where the root element and its children
 * stand. The text itself is never written anew, so comments, unknown elements and blanks survive an edit.
 *
 * Well-formedness is checked as far as firewalld's own parser would stumble: tags, attributes, comments,
 * entities. Documents with a DTD are refused: nobody needs one here, and entities of its own could hide
 * anything.
 *
 * @module
 */
import { KumaError } from "../errors.ts";

/** A piece of the text, `from` included, `to` not. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** One child element of the root, with everything in it. */
export interface DirectElement extends Span {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Text directly inside, entities resolved. */
  readonly text: string;
}

/** The document's places. */
export interface DirectDocument {
  readonly startTag: Span;
  /** Undefined for `<direct/>`. */
  readonly endTag: Span | undefined;
  readonly children: readonly DirectElement[];
}

const NAME = /[A-Za-z_:][\w:.-]*/y;
const ATTRIBUTE = /\s+([A-Za-z_:][\w:.-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const TAG_END = /\s*(\/?)>/y;
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

interface OpenElement {
  readonly name: string;
  readonly startTag: Span;
  readonly attributes: ReadonlyMap<string, string>;
  text: string;
}

/**
 * Reads the text of a direct.xml.
 *
 * @throws {KumaError} `KUMA-TP-221` with line and column where it is malformed or no `<direct>` document.
 */
export function scanDirect(text: string): DirectDocument {
  return new Scanner(text).scan();
}

class Scanner {
  readonly #text: string;
  #at = 0;
  readonly #open: OpenElement[] = [];
  readonly #children: DirectElement[] = [];
  #root: { startTag: Span; endTag: Span | undefined } | undefined;

  constructor(text: string) {
    this.#text = text;
    if (text.startsWith("\uFEFF")) this.#at = 1;
  }

  scan(): DirectDocument {
    while (this.#at < this.#text.length) this.#piece();
    const unclosed = this.#open.at(-1);
    if (unclosed !== undefined) {
      throw this.#malformed(unclosed.startTag.from, `element <${unclosed.name}> is never closed`);
    }
    if (this.#root === undefined) {
      throw this.#malformed(this.#text.length, "there is no <direct> element");
    }
    return { ...this.#root, children: this.#children };
  }

  #piece(): void {
    const text = this.#text, at = this.#at;
    if (!text.startsWith("<", at)) return this.#characters();
    if (text.startsWith("<!--", at)) return this.#skip("<!--", "-->", "comment");
    if (text.startsWith("<![CDATA[", at)) return this.#cdata();
    if (text.startsWith("<?", at)) return this.#skip("<?", "?>", "processing instruction");
    if (text.startsWith("<!", at)) {
      throw this.#malformed(at, "document type declarations are not taken here");
    }
    if (text.startsWith("</", at)) return this.#endTag();
    this.#startTag();
  }

  #characters(): void {
    const next = this.#text.indexOf("<", this.#at);
    const to = next < 0 ? this.#text.length : next;
    const raw = this.#text.slice(this.#at, to);
    const open = this.#open.at(-1);
    if (open === undefined) {
      const stray = raw.search(/\S/);
      if (stray >= 0) throw this.#malformed(this.#at + stray, "text outside of the root element");
    } else open.text += this.#resolved(raw, this.#at);
    this.#at = to;
  }

  #cdata(): void {
    const open = this.#open.at(-1);
    if (open === undefined) throw this.#malformed(this.#at, "text outside of the root element");
    const from = this.#at + "<![CDATA[".length;
    this.#skip("<![CDATA[", "]]>", "CDATA section");
    open.text += this.#text.slice(from, this.#at - "]]>".length);
  }

  #skip(start: string, end: string, what: string): void {
    const close = this.#text.indexOf(end, this.#at + start.length);
    if (close < 0) throw this.#malformed(this.#at, `${what} is never closed`);
    this.#at = close + end.length;
  }

  #startTag(): void {
    const from = this.#at;
    this.#at++;
    const name = this.#match(NAME)?.[0];
    if (name === undefined) throw this.#malformed(from, "a '<' that starts no tag");
    const attributes = this.#attributes();
    const end = this.#match(TAG_END);
    if (end === undefined) throw this.#malformed(this.#at, `the tag <${name}> is malformed`);
    const element = { name, startTag: { from, to: this.#at }, attributes, text: "" };
    if (this.#open.length === 0) this.#enterRoot(element);
    if (end[1] !== "/") this.#open.push(element);
    else this.#closed(element, undefined);
  }

  #attributes(): Map<string, string> {
    const attributes = new Map<string, string>();
    for (;;) {
      const at = this.#at;
      const found = this.#match(ATTRIBUTE);
      if (found === undefined) return attributes;
      const [, name = "", double, single] = found;
      if (attributes.has(name)) throw this.#malformed(at, `attribute ${name} stands twice`);
      attributes.set(name, this.#resolved(double ?? single ?? "", at));
    }
  }

  #enterRoot(element: OpenElement): void {
    const { from } = element.startTag;
    if (this.#root !== undefined) throw this.#malformed(from, "more than one root element");
    if (element.name !== "direct") {
      throw this.#malformed(from, `the root element is <${element.name}>, not <direct>`);
    }
    this.#root = { startTag: element.startTag, endTag: undefined };
  }

  #endTag(): void {
    const from = this.#at;
    this.#at += 2;
    const name = this.#match(NAME)?.[0];
    const end = this.#match(TAG_END);
    const open = this.#open.pop();
    if (name === undefined || end === undefined || end[1] === "/") {
      throw this.#malformed(from, "an end tag is malformed");
    }
    if (open?.name !== name) {
      const expected = open === undefined ? "nothing is open" : `</${open.name}> is expected`;
      throw this.#malformed(from, `</${name}> where ${expected}`);
    }
    this.#closed(open, { from, to: this.#at });
  }

  #closed(element: OpenElement, endTag: Span | undefined): void {
    if (this.#open.length === 0 && this.#root !== undefined) {
      this.#root = { startTag: element.startTag, endTag };
    }
    if (this.#open.length !== 1) return;
    const { name, attributes, text, startTag } = element;
    const to = endTag?.to ?? startTag.to;
    this.#children.push({ name, attributes, text, from: startTag.from, to });
  }

  #resolved(raw: string, at: number): string {
    return raw.replace(/&([^;&\s]*)(;?)/g, (whole, name: string, end: string, offset: number) => {
      const code = /^#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}))$/.exec(name);
      const point = code === null
        ? undefined
        : parseInt(code[1] ?? code[2] ?? "", code[1] ? 16 : 10);
      const character = point === undefined
        ? ENTITIES[name]
        : point <= 0x10ffff
        ? String.fromCodePoint(point)
        : undefined;
      if (end === "" || character === undefined) {
        throw this.#malformed(at + offset, `${whole} is no entity that XML knows`);
      }
      return character;
    });
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }

  #malformed(at: number, what: string): KumaError {
    const before = this.#text.slice(0, at).split("\n");
    const column = (before.at(-1)?.length ?? 0) + 1;
    return new KumaError(
      "KUMA-TP-221",
      `malformed direct.xml, line ${before.length}, column ${column}: ${what}`,
    );
  }
}
