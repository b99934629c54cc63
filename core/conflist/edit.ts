/**
 * Puts our entry into the text of a config list and takes it out again, as edits of that text: no byte of
 * anybody else's moves or changes, since the order, comments and number forms of a file are its owner's.
 *
 * All texts are byte text (`byte_text.ts`).
 *
 * @module
 */
import { type ConfigList, PLUGIN_TYPE, type PluginSpan, readGap, readList } from "./document.ts";
import { valueOf } from "./document.ts";
import { isSame } from "./same.ts";
import { printerLike, styleAfter, styleOfOnly } from "./style.ts";

/** Our element of `plugins`; its `type` is {@linkcode PLUGIN_TYPE}. */
export type PluginEntry = Readonly<Record<string, unknown>> & { readonly type: typeof PLUGIN_TYPE };

/**
 * The text with `entry` as the last of `plugins`. Older entries of ours are replaced; where the same one is
 * already last and alone, the text comes back as it is.
 *
 * @throws {KumaError} `KUMA-INS-001`, `-002` for a text that is no config list
 */
export function insertPlugin(text: string, entry: PluginEntry): string {
  const list = readList(text);
  const own = list.plugins.filter(isOwn);
  const last = list.plugins.at(-1);
  if (own.length === 1 && own[0] === last && last !== undefined) {
    if (isSame(valueOf(text, last), entry)) return text;
    const print = printerLike(text, list.plugins.at(-2) ?? last);
    return text.slice(0, last.start) + print(entry) + text.slice(last.end);
  }
  if (own.length > 0) return insertPlugin(removePlugin(text), entry);
  if (last === undefined) {
    return text.slice(0, list.open) + styleOfOnly(text).print(entry) + text.slice(list.open);
  }
  const style = styleAfter(text, list, last);
  const added = `,${style.separator}${style.print(entry)}`;
  return text.slice(0, last.end) + added + text.slice(last.end);
}

/**
 * The text without any entry of ours; what {@linkcode insertPlugin} added goes byte for byte. A text without
 * one comes back as it is.
 *
 * @throws {KumaError} `KUMA-INS-001`, `-002` for a text that is no config list
 */
export function removePlugin(text: string): string {
  let rest = text;
  for (;;) {
    const list = readList(rest);
    const index = list.plugins.findLastIndex(isOwn);
    if (index < 0) return rest;
    rest = withoutElement(rest, list, index);
  }
}

/** True when the list has exactly this entry as its only one of ours, wherever it stands. */
export function hasPlugin(text: string, entry: PluginEntry): boolean {
  const own = readList(text).plugins.filter(isOwn);
  return own.length === 1 && own[0] !== undefined && isSame(valueOf(text, own[0]), entry);
}

/** True when the list has any entry of ours, whatever it says. */
export function hasAnyPlugin(text: string): boolean {
  return readList(text).plugins.some(isOwn);
}

function isOwn(plugin: PluginSpan): boolean {
  return plugin.type === PLUGIN_TYPE;
}

function withoutElement(text: string, list: ConfigList, index: number): string {
  const element = list.plugins[index];
  if (element === undefined) return text;
  const before = list.plugins[index - 1];
  if (before !== undefined) {
    const gap = readGap(text, before.end, element.start);
    if (!gap.comment) return text.slice(0, before.end) + text.slice(element.end);
    return cut(text, gap.comma, element);
  }
  const after = list.plugins[index + 1];
  const gap = readGap(text, element.end, after?.start ?? list.close);
  if (after !== undefined && !gap.comment) {
    return text.slice(0, element.start) + text.slice(after.start);
  }
  return cut(text, gap.comma, element);
}

/** Takes the element and its comma out, and leaves the comments and blanks around them alone. */
function cut(text: string, comma: number | undefined, element: PluginSpan): string {
  const without = text.slice(0, element.start) + text.slice(element.end);
  if (comma === undefined) return without;
  const at = comma < element.start ? comma : comma - (element.end - element.start);
  return without.slice(0, at) + without.slice(at + 1);
}
