import type { TransparentProxyConfig } from "./config.ts";
import { formatDuration } from "core/grammar/duration.ts";
import { defaultOf, type ProxySetting, SETTINGS, valueOf } from "./options.ts";

type Value = boolean | number | string | readonly (number | string)[] | Tree | undefined;
interface Tree {
  [key: string]: Value;
}

/** Keys that Kuma 2.9 writes whatever they hold; those of `ebpf` and `log` where that is on. */
const ALWAYS: ReadonlySet<string> = new Set([
  "kumaDPUser",
  "ipFamilyMode",
  "redirect.inbound.enabled",
  "redirect.inbound.port",
  "redirect.outbound.enabled",
  "redirect.outbound.port",
  "redirect.dns.enabled",
  "redirect.dns.port",
  "redirect.dns.captureAll",
  "redirect.dns.skipConntrackZoneSplit",
  "redirect.dns.resolvConfigPath",
  "wait",
  "waitInterval",
  "retry.maxRetries",
  "retry.sleepBetweenRetries",
  "log.enabled",
  "log.level",
  "ebpf.enabled",
  "ebpf.instanceIP",
  "ebpf.instanceIPEnvVarName",
  "ebpf.bpffsPath",
  "ebpf.cgroupPath",
  "ebpf.programsSourcePath",
  "ebpf.tcAttachIface",
]);

/**
 * Writes a configuration as the control plane hands it to the init container and to the CNI plugin:
 * block YAML with sorted keys, and without what Kuma 2.9 leaves out: `ebpf` and `log` unless they are on, and
 * everything but {@linkcode ALWAYS} that is at its default. {@linkcode parseDocument} reads it back.
 */
export function serialiseConfig(config: TransparentProxyConfig): string {
  const tree: Tree = {};
  for (const setting of SETTINGS) {
    if (setting.inDocument === false) continue;
    const path = setting.key.split(".");
    const value = valueOf(config, setting);
    if (isWritten(setting, value, config)) put(tree, path, textual(setting, value));
  }
  return write(tree, "");
}

function isWritten(setting: ProxySetting, value: unknown, config: TransparentProxyConfig): boolean {
  if (setting.key.startsWith("ebpf.") && !config.ebpf.enabled) return false;
  if (setting.key.startsWith("log.") && !config.log.enabled) return false;
  return ALWAYS.has(setting.key) || JSON.stringify(value) !== JSON.stringify(defaultOf(setting));
}

/** What the configuration holds in numbers of its own and the document in Go's words. */
function textual({ kind }: ProxySetting, value: unknown): Value {
  return kind === "duration" && typeof value === "number"
    ? formatDuration(value)
    : value as Exclude<Value, Tree>;
}

function put(tree: Tree, path: readonly string[], value: Value): void {
  let at = tree;
  for (const name of path.slice(0, -1)) at = (at[name] ??= {}) as Tree;
  at[path.at(-1) ?? ""] = value;
}

function write(tree: Tree, indent: string): string {
  const lines: string[] = [];
  for (const key of Object.keys(tree).sort()) {
    const value = tree[key];
    if (value === undefined) continue;
    if (isList(value)) {
      lines.push(`${indent}${key}:\n`, ...value.map((item) => `${indent}- ${scalar(item)}\n`));
    } else if (typeof value === "object") {
      lines.push(`${indent}${key}:\n`, write(value, `${indent}  `));
    } else lines.push(`${indent}${key}: ${scalar(value)}\n`);
  }
  return lines.join("");
}

function isList(value: Value): value is readonly (number | string)[] {
  return Array.isArray(value);
}

/** Words that YAML 1.1 or 1.2 reads as something else than text. */
const RESERVED = /^(?:true|false|yes|no|on|off|y|n|null|nan|inf)$/i;

function scalar(value: boolean | number | string): string {
  if (typeof value !== "string") return String(value);
  const plain = /^[A-Za-z/][A-Za-z0-9_./-]*$/.test(value) || /^[0-9]+m?s$/.test(value);
  // A JSON string is a double-quoted YAML scalar.
  return plain && !RESERVED.test(value) ? value : JSON.stringify(value);
}
