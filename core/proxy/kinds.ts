/**
 * The kinds of values that a setting may have: how each is read from text (flag, environment) and from a document; and
 * how a value is put in place.
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
import type { Kind } from "core/settings/kinds.ts";
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

const YAML_TRUE: ReadonlySet<string> = new Set(["true", "yes", "on", "y"]);
const YAML_FALSE: ReadonlySet<string> = new Set(["false", "no", "off", "n"]);

/** A kind of settings of the transparent proxy. An empty variable is a value of its own here, as in Kuma 2.9. */
interface ProxyKind extends Omit<Kind<SettingValue, DocumentNode>, "emptyIsValue"> {
  /** By the value rules of Kuma 2.9: YAML 1.1 bools, a number for a text, a comma list for ports. */
  yaml(node: DocumentNode): SettingValue;
  /** What help has in place of a value; a switch takes none. */
  readonly placeholder?: string;
  /** The values that there are, for help and completion. */
  readonly choices?: readonly string[];
}

const number = (max?: number): ProxyKind => ({
  text: (text) => parseUint(text, max),
  yaml: (node) => parseUint(plain(node, "a number"), max),
  placeholder: "number",
});

const text = (
  read: (text: string) => SettingValue,
  placeholder: string,
  wanted = "a string",
): ProxyKind => ({
  text: read,
  yaml: (node) => read(scalar(node, wanted)),
  placeholder,
});

const noKey = (node: DocumentNode) => {
  throw wrongType("nothing: it is not a key of the document", node);
};

/**
 * The kinds. Each throws a KumaError with the reason alone, of which the caller says flag, variable or key:
 * `KUMA-TP-015` for a wrong type in a document, else the code of the grammar.
 */
export const KINDS: Readonly<Record<ProxySettingKind, ProxyKind>> = {
  bool: { text: parseBool, yaml: readBool },
  uint: number(),
  uint16: number(MAX_PORT),
  port: {
    text: parsePort,
    yaml: (node) => parsePort(plain(node, "a number")),
    placeholder: "port",
  },
  ports: { text: parsePorts, yaml: readPorts, placeholder: "ports" },
  text: text(parseText, "text"),
  // Split at commas, as in the environment; a flag adds its whole text (see `sources.ts`).
  texts: {
    text: (text) => text === "" ? [] : text.split(",").map(parseText),
    yaml(node) {
      if (node.kind !== "list") throw wrongType("a list of strings", node);
      return node.items.map((item) => parseText(scalar(item, "a string")));
    },
    placeholder: "text",
  },
  duration: text(parseDuration, "duration", "a duration"),
  family: { ...text(parseIpFamilyMode, "mode"), choices: ["dualstack", "ipv4", "ipv6"] },
  backend: {
    ...text(parseFirewallBackend, "backend"),
    choices: ["auto", "nftables", "iptables"],
  },
  chain: { text: parseChainSuffix, yaml: noKey },
  executables: { text: parseExecutables, yaml: noKey, placeholder: "name:path,…" },
};

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

/** The configuration with {@linkcode putSetting} done to a copy of what lies on the setting's path; the rest is shared. */
export function withSetting(
  config: TransparentProxyConfig,
  setting: ProxySetting,
  value: SettingValue,
): TransparentProxyConfig {
  const copy = { ...config };
  let at = copy as unknown as Record<string, unknown>;
  for (const name of setting.key.split(".")) {
    const member = at[name];
    // Of the last name it is the value below: executables are merged into it.
    if (typeof member !== "object" || member === null || Array.isArray(member)) break;
    at = at[name] = { ...member };
  }
  putSetting(copy, setting, value);
  return copy;
}
