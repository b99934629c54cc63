/**
 * Reads the small part of YAML in which kubeconfig files are written by machines: nested mappings and
 * lists in block form, one scalar a line, plain or in quotes without escapes.
 *
 * It exists for the CNI plugin's start-up time: the YAML package costs as much as half of an empty
 * program's start. Whatever lies outside of that part gives undefined, and the caller asks the package;
 * what lies inside means the same to both (a property test compares them).
 *
 * @module
 */

/** What plain YAML can say: every scalar is a text. */
export type PlainYaml = string | PlainYaml[] | { [key: string]: PlainYaml };

interface Line {
  readonly indent: number;
  readonly text: string;
}

const KEY = /^([A-Za-z][A-Za-z0-9_.-]*):(?: +(.*))?$/;
/**
 * Plain scalars that every YAML version takes as a text: a letter or `/` first, no indicator characters
 * (brackets, as of an IPv6 host, mean nothing after the first), no `: ` and no ` #`; words that mean null or a boolean somewhere are left to the package.
 */
const PLAIN_SCALAR = /^[A-Za-z/](?:[A-Za-z0-9_./+=@[\]-]|:(?=[A-Za-z0-9/[\]:]))*$/;
const NOT_TEXT = /^(?:null|true|false|yes|no|on|off|y|n)$/i;

/** The document's data, or undefined where it is not of this plain form. */
export function parsePlainYaml(text: string): PlainYaml | undefined {
  if (/[\t\r\u0085\u2028\u2029\uFEFF]/.test(text)) return undefined;
  const lines: Line[] = [];
  for (const raw of text.split("\n")) {
    const line = raw.trimEnd();
    const content = line.trimStart();
    if (content === "" || content.startsWith("#")) continue;
    lines.push({ indent: line.length - content.length, text: content });
  }
  try {
    const reader = new Reader(lines);
    const value = reader.node(0);
    return reader.done ? value : undefined;
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

class NotPlain extends Error {}

class Reader {
  #at = 0;

  constructor(private readonly lines: Line[]) {}

  get done(): boolean {
    return this.#at === this.lines.length;
  }

  /** The mapping or list whose lines start at exactly this indentation. */
  node(indent: number): PlainYaml {
    const line = this.lines[this.#at];
    if (line === undefined || line.indent !== indent) throw new NotPlain();
    return line.text.startsWith("- ") ? this.#list(indent) : this.#mapping(indent);
  }

  #list(indent: number): PlainYaml[] {
    const items: PlainYaml[] = [];
    for (let line = this.lines[this.#at]; line?.indent === indent; line = this.lines[this.#at]) {
      if (!line.text.startsWith("- ")) break;
      const rest = line.text.slice(2);
      const content = rest.trimStart();
      if (!KEY.test(content)) {
        items.push(scalar(content));
        this.#at += 1;
        continue;
      }
      // `- key: value` opens a mapping at the column of the key: read on as if the dash were a blank.
      const column = indent + line.text.length - content.length;
      this.lines[this.#at] = { indent: column, text: content };
      items.push(this.#mapping(column));
    }
    return items;
  }

  #mapping(indent: number): { [key: string]: PlainYaml } {
    const entries = new Map<string, PlainYaml>();
    for (let line = this.lines[this.#at]; line?.indent === indent; line = this.lines[this.#at]) {
      const match = KEY.exec(line.text);
      const key = match?.[1];
      if (key === undefined || entries.has(key) || NOT_TEXT.test(key)) throw new NotPlain();
      this.#at += 1;
      const value = match?.[2];
      entries.set(key, value === undefined ? this.#child(indent) : scalar(value));
    }
    return Object.fromEntries(entries);
  }

  /** The value below a key: deeper lines, or a list whose dashes stand under the key itself. */
  #child(indent: number): PlainYaml {
    const next = this.lines[this.#at];
    if (next === undefined) throw new NotPlain();
    if (next.indent > indent) return this.node(next.indent);
    if (next.indent === indent && next.text.startsWith("- ")) return this.#list(indent);
    throw new NotPlain();
  }
}

function scalar(text: string): string {
  const quoted = /^"([^"\\]*)"$|^'([^']*)'$/.exec(text);
  if (quoted !== null) return quoted[1] ?? quoted[2] ?? "";
  if (!PLAIN_SCALAR.test(text) || NOT_TEXT.test(text)) throw new NotPlain();
  return text;
}
