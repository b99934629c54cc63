/**
 * Reads the value of a setting from text (flag, environment) or from a document, and puts it in place.
 *
 * @module
 */
import type { TransparentProxyConfig } from "./config.ts";
import { badPort, parsePort, parsePorts } from "core/grammar/ports.ts";
import { parseDuration } from "core/grammar/duration.ts";
import { refused } from "core/grammar/echo.ts";
import { type Executables, parseExecutables } from "core/grammar/executables.ts";
import {
  parseChainSuffix,
  parseFirewallBackend,
  parseIpFamilyMode,
  parseText,
} from "core/grammar/names.ts";
import { MAX_PORT, parseUint } from "core/grammar/numbers.ts";
import { parseBool } from "core/grammar/switches.ts";
import type { DocumentNode } from "./document_tree.ts";
import type { ProxySetting, ProxySettingKind } from "./options.ts";

/** A value that was read; its shape follows from the setting's kind. */
export type SettingValue =
  | boolean
  | number
  | string
  | readonly number[]
  | readonly string[]
  | Executables;

/**
 * Reads the text of a flag or of an environment variable. A list of texts is split at commas here, as in
 * the environment; a flag adds its whole text (see `sources.ts`).
 *
 * @throws KumaError with the reason alone; the caller says which flag or variable.
 */
export function readText(kind: ProxySettingKind, text: string): SettingValue {
  switch (kind) {
    case "bool":
      return parseBool(text);
    case "uint":
      return parseUint(text);
    case "uint16":
      return parseUint(text, MAX_PORT);
    case "port":
      return parsePort(text);
    case "ports":
      return parsePorts(text);
    case "text":
      return parseText(text);
    case "texts":
      return text === "" ? [] : text.split(",").map(parseText);
    case "duration":
      return parseDuration(text);
    case "family":
      return parseIpFamilyMode(text);
    case "backend":
      return parseFirewallBackend(text);
    case "chain":
      return parseChainSuffix(text);
    case "executables":
      return parseExecutables(text);
  }
}

const YAML_TRUE: ReadonlySet<string> = new Set(["true", "yes", "on", "y"]);
const YAML_FALSE: ReadonlySet<string> = new Set(["false", "no", "off", "n"]);

/**
 * Reads the value of a setting in a document, by the value rules of Kuma 2.9 (YAML 1.1 bools, a number
 * for a text, a comma list for ports).
 *
 * @throws KumaError `KUMA-TP-015` for a wrong type, else the code of the grammar.
 */
export function readNode(kind: ProxySettingKind, node: DocumentNode): SettingValue {
  switch (kind) {
    case "bool":
      return readBool(node);
    case "uint":
      return parseUint(plain(node, "a number"));
    case "uint16":
      return parseUint(plain(node, "a number"), MAX_PORT);
    case "port":
      return parsePort(plain(node, "a number"));
    case "ports":
      return readPorts(node);
    case "texts":
      if (node.kind !== "list") throw wrongType("a list of strings", node);
      return node.items.map((item) => parseText(scalar(item, "a string")));
    case "duration":
      return parseDuration(scalar(node, "a duration"));
    case "family":
      return parseIpFamilyMode(scalar(node, "a string"));
    case "backend":
      return parseFirewallBackend(scalar(node, "a string"));
    case "text":
      return parseText(scalar(node, "a string"));
    case "chain":
    case "executables":
      throw wrongType("nothing: it is not a key of the document", node);
  }
}

function readBool(node: DocumentNode): boolean {
  const text = plain(node, "true or false").toLowerCase();
  if (YAML_TRUE.has(text)) return true;
  if (YAML_FALSE.has(text)) return false;
  throw wrongType("true or false", node);
}

function readPorts(node: DocumentNode): number[] {
  if (node.kind === "list") {
    return node.items.flatMap((item) => parsePorts(scalar(item, "a list of ports")));
  }
  if (node.kind === "scalar" && !node.quoted && /^[0-9]+$/.test(node.text)) {
    const port = parsePort(node.text);
    if (port === 0) throw badPort(node.text);
    return [port];
  }
  return parsePorts(scalar(node, "a list of ports"));
}

/** Text of a scalar, quoted or not, but not of `null`. */
function scalar(node: DocumentNode, wanted: string): string {
  if (node.kind !== "scalar") throw wrongType(wanted, node);
  return node.text;
}

/** Text of a scalar without quotes: a number or bool of YAML. */
function plain(node: DocumentNode, wanted: string): string {
  if (node.kind !== "scalar" || node.quoted) throw wrongType(wanted, node);
  return node.text;
}

function wrongType(wanted: string, node: DocumentNode): Error {
  const given = {
    map: "a mapping",
    list: "a list",
    null: "null",
    scalar: node.kind === "scalar" && node.quoted ? "a quoted string" : "another scalar",
  }[node.kind];
  return refused("KUMA-TP-015", `it must be ${wanted}, not ${given}`);
}

/**
 * Puts a value that was read for this setting into the configuration. Executables are merged name by
 * name; an empty path takes a name out again; everything else replaces.
 */
export function putSetting(
  config: TransparentProxyConfig,
  setting: ProxySetting,
  value: SettingValue,
): void {
  // The path comes from our own table and the value from the reader of that path's kind, which a test
  // compares with the defaults' types; the type system cannot follow a path at run time.
  let at = config as unknown as Record<string, unknown>;
  const path = setting.key.split(".");
  const last = path.pop() ?? "";
  for (const name of path) at = at[name] as Record<string, unknown>;
  if (setting.kind === "executables") Object.assign(at[last] as object, value);
  else if (path[0] === "iptablesExecutables" && value === "") delete at[last];
  else at[last] = Array.isArray(value) ? [...value] : value;
}
