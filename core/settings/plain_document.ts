/**
 * A control plane's YAML document as plain values, by the rules of the YAML library of Kuma 2.9; see
 * `core/proxy/yaml_tree.ts`.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";
import type { Json } from "core/patch/json.ts";
import type { DocumentNode } from "core/proxy/document_tree.ts";
import * as yaml from "core/proxy/yaml_library.ts";
import { yamlTree } from "core/proxy/yaml_tree.ts";

const TRUE = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/;

/** The values, and what a person should know of the text: `LINE:COLUMN: …`. */
export interface PlainDocument {
  readonly value: Json;
  readonly warnings: readonly string[];
}

/**
 * Reads a document. Throws `KUMA-TP-014` with `LINE:COLUMN: ` for what is no YAML, nested without end, or
 * has a key twice.
 */
export function plainDocument(text: string): PlainDocument {
  const { root, warnings } = yamlTree(yaml, text);
  return { value: plain(root), warnings };
}

function plain(node: DocumentNode): Json {
  switch (node.kind) {
    case "null":
      return null;
    case "list":
      return node.items.map(plain);
    case "scalar":
      return node.quoted ? node.text : plainScalar(node.text);
    case "map":
      return plainMap(node);
  }
}

function plainScalar(text: string): Json {
  if (TRUE.test(text)) return true;
  if (FALSE.test(text)) return false;
  // The tree has the decimal digits of whatever was written.
  return /^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]+)?$/.test(text) ? Number(text) : text;
}

function plainMap({ entries }: DocumentNode & { kind: "map" }): Json {
  const seen = new Set<string>();
  for (const { key, at } of entries) {
    if (seen.has(key)) {
      const place = at === undefined ? "" : `${at.line}:${at.column}: `;
      throw new KumaError("KUMA-TP-014", `${place}the key '${shown(key)}' is there twice`);
    }
    seen.add(key);
  }
  return Object.fromEntries(entries.map(({ key, value }) => [key, plain(value)]));
}
