/**
 * Single-plugin config files (`.conf`, `.json`) cannot hold a chain: they become a `.conflist`.
 *
 * @module
 */
import { asciiJson } from "./byte_text.ts";
import { insertPlugin, type PluginEntry } from "./edit.ts";
import { hasKey, readObject, stringIn } from "./document.ts";
import { KumaError } from "core/errors.ts";

/** Network name of a list made from a file that has none, as in Kuma 2.9. */
const DEFAULT_NETWORK = "k8s-pod-network";

/** CNI version of a list made from a file that has none, or one from before there were chains. */
const DEFAULT_VERSION = "0.3.0";

/**
 * A config list of the single plugin in `text` and our entry. The foreign object's bytes stay as they are
 * inside it. The list takes over its network name and version, as the runtime does for a single file: with
 * another name, addresses that a host-local IPAM gave to running pods would never be freed.
 *
 * Byte text in, byte text out.
 *
 * @throws {KumaError} `KUMA-INS-001` for a text that is no JSON object, `KUMA-INS-003` for one without `type`
 */
export function convertToList(text: string, entry: PluginEntry): string {
  const object = readObject(text);
  if (!hasKey(object.node, "type")) {
    throw new KumaError("KUMA-INS-003", `Cannot make a list of the CNI config: it has no "type"`);
  }
  const version = stringIn(object.node, "cniVersion") ?? "";
  const network = stringIn(object.node, "name") ?? "";
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = [
    "{",
    `  "cniVersion": ${asciiJson(knowsChains(version) ? version : DEFAULT_VERSION)},`,
    // The name is byte text, to be written as the bytes that it came as.
    `  "name": ${network === "" ? asciiJson(DEFAULT_NETWORK) : JSON.stringify(network)},`,
    `  "plugins": [`,
    `    ${text.slice(object.start, object.end)}`,
    "  ]",
    "}",
    "",
  ];
  return insertPlugin(lines.join(eol), entry);
}

/** `10-x.conf` and `10-x.json` → `10-x.conflist`; a `.conflist` keeps its name. */
export function listName(name: string): string {
  return name.replace(/\.(conf|json)$/, ".conflist");
}

/** Chains exist since version 0.3.0 of the specification. */
function knowsChains(version: string): boolean {
  const match = /^(\d+)\.(\d+)\.\d+$/.exec(version);
  return match !== null && (Number(match[1]) > 0 || Number(match[2]) >= 3);
}
