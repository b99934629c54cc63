/**
 * Where the members of a JSON object lie in its text, so that a value can be passed on to the last digit:
 * numbers beyond a double, the order of keys, doubled keys, any depth.
 *
 * @module
 */

/** One member: its key, and where its value starts and ends (exclusive). */
export interface Member {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The members of the object that the text consists of, in their order.
 *
 * @param text An object that `JSON.parse` accepts; nothing is checked again.
 */
export function objectMembers(text: string): Member[] {
  const members: Member[] = [];
  for (let at = text.indexOf("{") + 1;;) {
    at = skipBlanks(text, at);
    if (at >= text.length || text[at] === "}") return members;
    if (text[at] === ",") {
      at += 1;
      continue;
    }
    const keyEnd = endOfValue(text, at);
    const start = skipBlanks(text, skipBlanks(text, keyEnd) + 1);
    const end = endOfValue(text, start);
    members.push({ key: JSON.parse(text.slice(at, keyEnd)) as string, start, end });
    at = end;
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\r\n".includes(text[at] ?? "")) at += 1;
  return at;
}

/** The end of the value that starts at `from`: counted in brackets, as deep as it may be. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at);
        if (depth === 0) return at;
        continue;
      case "{":
      case "[":
        depth += 1;
        break;
      case "}":
      case "]":
        if (depth <= 1) return depth === 1 ? at + 1 : at;
        depth -= 1;
        break;
      case ",":
      case ":":
      case " ":
      case "\t":
      case "\r":
      case "\n":
        if (depth === 0) return at;
    }
    at += 1;
  }
  return at;
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
