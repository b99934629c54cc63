/**
 * All values with their defaults as a YAML text with comments: `--dump-values`, and the chart's `values.yaml`.
 *
 * @module
 */
import { stringify } from "yaml";
import { isObject, type Json } from "core/patch/json.ts";
import { counts, VALUES } from "./table.ts";
import type { ValueDefinition } from "./definition.ts";

interface Folder {
  readonly [key: string]: Folder | ValueDefinition;
}

/** The text. */
export function valuesText(): string {
  const root: Record<string, unknown> = {};
  for (const definition of VALUES.filter(counts)) {
    const keys = definition.path.split(".");
    const last = keys.pop() ?? "";
    let at = root;
    for (const key of keys) at = (at[key] ??= {}) as Record<string, unknown>;
    at[last] = definition;
  }
  return `# Values of Kuma's chart that mean something here, and a few of our own.\n${
    folderText(root as Folder, 0)
  }`;
}

function folderText(folder: Folder, depth: number): string {
  const pad = "  ".repeat(depth);
  return Object.entries(folder).map(([key, member]) => {
    if (!("path" in member && typeof member.path === "string")) {
      return `${pad}${key}:\n${folderText(member as Folder, depth + 1)}`;
    }
    const { initial, help } = member as ValueDefinition;
    return `${pad}# ${help}\n${pad}${key}:${valueText(initial, depth + 1)}`;
  }).join("");
}

function valueText(value: Json, depth: number): string {
  const nested = Array.isArray(value)
    ? value.length > 0
    : isObject(value) && Object.keys(value).length > 0;
  if (!nested) return ` ${JSON.stringify(value)}\n`;
  const lines = stringify(value).trimEnd().split("\n");
  return `\n${lines.map((line) => `${"  ".repeat(depth)}${line}\n`).join("")}`;
}
