/**
 * How a file's author formats: enough of it that our entry looks as if the author had written it.
 *
 * @module
 */
import { asciiJson } from "./byte_text.ts";
import type { ConfigList, PluginSpan } from "./document.ts";

/** What goes before a new last element (after the comma), and how an object is written there. */
export interface ElementStyle {
  /** Blanks and line ends only. */
  readonly separator: string;
  readonly print: (value: unknown) => string;
}

/** The style for an element that follows the last one of the list; the list is not empty. */
export function styleAfter(text: string, list: ConfigList, last: PluginSpan): ElementStyle {
  return { separator: separatorBefore(text, list, last), print: printerLike(text, last) };
}

/** The style for the only element of an empty `plugins`. */
export function styleOfOnly(text: string): ElementStyle {
  const compact = !/[,:]\s/.test(text);
  return { separator: "", print: (value) => oneLine(value, compact, false) };
}

/** Writes objects the way the element at `like` is written. */
export function printerLike(text: string, like: PluginSpan): (value: unknown) => string {
  const sample = text.slice(like.start, like.end);
  if (!/[\r\n]/.test(sample)) {
    const compact = !/[,:]\s/.test(sample);
    return (value) => oneLine(value, compact, /^\{\s/.test(sample));
  }
  const eol = lineEnd(text);
  const base = indentOfLine(text, like.start);
  const unit = unitWithin(sample, base) ?? unitOfFile(text);
  return (value) => asciiJson(value, unit).replaceAll("\n", eol + base);
}

function separatorBefore(text: string, list: ConfigList, element: PluginSpan): string {
  const blanks = /[ \t\r\n]*$/.exec(text.slice(list.open, element.start))?.[0] ?? "";
  if (/[\r\n]/.test(blanks)) return lineEnd(text) + /[ \t]*$/.exec(blanks)?.[0];
  // `[{` says nothing about what its author puts between two elements.
  if (list.plugins.length === 1) return /[,:]\s/.test(text) ? " " : "";
  return blanks;
}

function oneLine(value: unknown, compact: boolean, padded: boolean): string {
  if (compact) return asciiJson(value);
  // Line breaks of the pretty form lie outside strings, where JSON has none.
  const spaced = asciiJson(value, " ").replace(/([[{])\n\s*|\n\s*([\]}])/g, "$1$2");
  const joined = spaced.replace(/\n\s*/g, " ");
  return padded ? joined.replace(/^\{(?!\})/, "{ ").replace(/(?<!\{)\}$/, " }") : joined;
}

function lineEnd(text: string): string {
  const first = text.indexOf("\n");
  if (first < 0) return text.includes("\r") ? "\r" : "\n";
  return first > 0 && text[first - 1] === "\r" ? "\r\n" : "\n";
}

function indentOfLine(text: string, at: number): string {
  const lineStart = Math.max(text.lastIndexOf("\n", at - 1), text.lastIndexOf("\r", at - 1)) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart, at))?.[0] ?? "";
}

function unitWithin(sample: string, base: string): string | undefined {
  const inner = /^\{[ \t]*\r?\n([ \t]+)/.exec(sample)?.[1];
  return inner !== undefined && inner.length > base.length && inner.startsWith(base)
    ? inner.slice(base.length)
    : undefined;
}

function unitOfFile(text: string): string {
  return /[\r\n]([ \t]+)\S/.exec(text)?.[1] ?? "  ";
}
