/**
 * Which config file of a net dir the container runtime uses: `.conf`, `.conflist` and `.json` files sorted
 * together by the bytes of their names, the first valid one (containerd's go-cni, CRI-O's ocicni; both load
 * with libcni). What is valid is strict JSON: a file with comments or a BOM is none for them.
 *
 * @module
 */
import { isRecord } from "core/patch/json.ts";

/** A file of the net dir; `bytes` is undefined where it could not be read. */
export interface ConfigFile {
  readonly name: string;
  readonly bytes: Uint8Array | undefined;
  /** Why it could not be read: `it has more than …`. */
  readonly unreadable?: string;
}

/** What a runtime makes of one file. */
export type ConfigCandidate = ValidConfig | InvalidConfig;

/** A file that a runtime can use. */
export interface ValidConfig {
  readonly valid: true;
  readonly name: string;
  /** `list` has `plugins`, `single` is one plugin (never in a `.conflist`). */
  readonly kind: "list" | "single";
  /** Name of the network. */
  readonly network: string;
  readonly cniVersion: string;
  /** The plugins' types in order. */
  readonly types: readonly string[];
}

/** A file that a runtime passes over (CRI-O) or stumbles over (containerd), and why. */
export interface InvalidConfig {
  readonly valid: false;
  readonly name: string;
  readonly reason: string;
}

const EXTENSIONS = [".conf", ".conflist", ".json"];

/** True for a name that runtimes look at; they take dot files too. */
export function isConfigName(name: string): boolean {
  const dot = name.lastIndexOf(".");
  return dot >= 0 && EXTENSIONS.includes(name.slice(dot));
}

/** Orders file names as Go's `sort.Strings` does: by their bytes. */
export function compareNames(a: string, b: string): number {
  const encoder = new TextEncoder();
  const left = encoder.encode(a), right = encoder.encode(b);
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Looks at every config file in the runtime's order; `winner` is the first valid one. */
export function chooseConfig(
  files: readonly ConfigFile[],
): { winner: ValidConfig | undefined; verdicts: ConfigCandidate[] } {
  const verdicts = files.filter((file) => isConfigName(file.name))
    .sort((a, b) => compareNames(a.name, b.name)).map(judge);
  return { winner: verdicts.find((verdict) => verdict.valid), verdicts };
}

/** What a runtime makes of this file, by the rules of libcni's `ConfListFromBytes` and `ConfFromBytes`. */
export function judge(file: ConfigFile): ConfigCandidate {
  const invalid = (reason: string): InvalidConfig => ({ valid: false, name: file.name, reason });
  if (file.bytes === undefined) return invalid(file.unreadable ?? "it cannot be read");
  if (file.bytes.length === 0) return invalid("it is empty");
  let value: unknown;
  try {
    // Go's decoder keeps a BOM (and fails on it) and tolerates invalid UTF-8, so this one does as well.
    value = JSON.parse(new TextDecoder("utf-8", { ignoreBOM: true }).decode(file.bytes));
  } catch {
    return invalid("it is not strict JSON");
  }
  if (!isRecord(value)) return invalid("it is not a JSON object");
  const wrong = badHead(value);
  if (wrong !== undefined) return invalid(wrong);
  const head = { valid: true, name: file.name, ...names(value) } as const;
  if (!file.name.endsWith(".conflist")) {
    const type = value["type"];
    if (typeof type === "string" && type !== "") return { ...head, kind: "single", types: [type] };
    return invalid(
      `it has no "type"` + ("plugins" in value ? ", and a list must be a .conflist" : ""),
    );
  }
  if (typeof value["name"] !== "string") return invalid(`it has no "name"`);
  const types = pluginTypes(value["plugins"]);
  return typeof types === "string" ? invalid(types) : { ...head, kind: "list", types };
}

function badHead(value: Record<string, unknown>): string | undefined {
  const strings = ["name", "cniVersion", "type"].find((key) =>
    value[key] !== undefined && typeof value[key] !== "string"
  );
  return strings === undefined ? undefined : `its "${strings}" is not a string`;
}

function names(value: Record<string, unknown>): { network: string; cniVersion: string } {
  const text = (key: string) => typeof value[key] === "string" ? value[key] : "";
  return { network: text("name"), cniVersion: text("cniVersion") };
}

/** The types of all plugins, or why the list is invalid. */
function pluginTypes(plugins: unknown): string[] | string {
  if (!Array.isArray(plugins)) return `it has no array "plugins"`;
  if (plugins.length === 0) return `its "plugins" is empty`;
  const types: string[] = [];
  for (const plugin of plugins) {
    const type: unknown = isRecord(plugin) ? plugin["type"] : undefined;
    if (typeof type !== "string" || type === "") return `a plugin in it has no "type"`;
    types.push(type);
  }
  return types;
}
