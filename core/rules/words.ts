/**
 * Words of a line of `iptables-restore` and `iptables-save`: blanks part them, double quotes keep blanks
 * in, and inside quotes a backslash makes the next character plain (`add_param_to_argv` of iptables).
 *
 * @module
 */
import { KumaError } from "../errors.ts";

/** The words of `line`, quotes and escapes taken away. Throws KUMA-TP-102 on a quote that never ends. */
export function splitWords(line: string): string[] {
  if (!line.includes('"')) return line.split(/[ \t\n]+/).filter((word) => word !== "");
  return line.includes("\\") ? splitEscaped(line) : splitQuoted(line);
}

/** Without a backslash every second part between quotes is inside. Most lines are such, and of a firewall's there are many. */
function splitQuoted(line: string): string[] {
  const words: string[] = [];
  const parts = line.split('"');
  if (parts.length % 2 === 0) throw openQuote(line);
  let word = "";
  let quoted = false;
  for (const [i, part] of parts.entries()) {
    if (i % 2 === 1) {
      word += part;
      quoted = true;
      continue;
    }
    const [first = "", ...others] = part.split(/[ \t\n]/);
    word += first;
    for (const other of others) {
      if (word !== "" || quoted) words.push(word);
      word = other;
      quoted = false;
    }
  }
  if (word !== "" || quoted) words.push(word);
  return words;
}

function splitEscaped(line: string): string[] {
  const words: string[] = [];
  let word = "";
  let quoted = false;
  let open = false;
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (open) {
      if (char === '"') open = false;
      else if (char === "\\") word += line.charAt(++i);
      else word += char;
    } else if (char === '"') {
      open = quoted = true;
    } else if (char === " " || char === "\t" || char === "\n") {
      if (word !== "" || quoted) words.push(word);
      word = "";
      quoted = false;
    } else word += char;
  }
  if (open) throw openQuote(line);
  if (word !== "" || quoted) words.push(word);
  return words;
}

function openQuote(line: string): KumaError {
  return new KumaError("KUMA-TP-102", `Cannot read a rule whose quote never ends: ${line}`);
}

/** Whether a quote that `line` opens goes on in the next line: a comment may hold a line break. */
export function endsInQuote(line: string): boolean {
  if (!line.includes("\\")) return line.split('"').length % 2 === 0;
  let open = false;
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (char === '"') open = !open;
    else if (char === "\\" && open) i++;
  }
  return open;
}

/** `text` in double quotes, with quotes and backslashes escaped. */
export function quoteWord(text: string): string {
  return `"${escapeQuoted(text)}"`;
}

/** What stands between the quotes of {@linkcode quoteWord}. */
export function escapeQuoted(text: string): string {
  return text.includes('"') || text.includes("\\") ? text.replace(/["\\]/g, "\\$&") : text;
}
