/**
 * What has to be done in the net dir, decided from what is in it: pure, so that `check` shows exactly what
 * the installer would do.
 *
 * @module
 */
import { bytesOf, byteText } from "core/conflist/byte_text.ts";
import { chooseConfig, compareNames, type ConfigCandidate, judge } from "core/conflist/choose.ts";
import { convertToList, listName } from "core/conflist/convert.ts";
import { hasKey, PLUGIN_TYPE, readObject, stringIn } from "core/conflist/document.ts";
import { hasAnyPlugin, hasPlugin, insertPlugin, type PluginEntry } from "core/conflist/edit.ts";
import { errorText, KumaError } from "core/errors.ts";
import type { NetFile } from "./net_dir.ts";

/** What standalone mode writes when no name is given: never the name of somebody else's file. */
export const OWN_FILE = "YYY-kuma-cni.conf";

/** Name of our file in libcni's drop-in directory of a network. */
const DROP_IN = "zzz-kuma-cni.conf";

/** The chained modes' input. */
export interface PlanInput {
  readonly files: readonly NetFile[];
  /** CNI_CONF_NAME, or empty. */
  readonly confName: string;
  readonly entry: PluginEntry;
  readonly method: "edit" | "drop-in";
  /**
   * Whether to go on with the runtime's choice when the named file is gone: true once we have been in a
   * chain. Some clouds rename their file; the pods of the node would go unmeshed until a person comes.
   */
  readonly follow: boolean;
  /** Names of lists that the journal says we made. */
  readonly made: ReadonlySet<string>;
}

/** What to do. `file` is always the config that the chain is, or will be, in. */
export type ChainingPlan =
  | { readonly action: "keep"; readonly file: string }
  | { readonly action: "edit"; readonly file: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | {
    readonly action: "convert";
    readonly from: string;
    readonly file: string;
    readonly bytes: Uint8Array<ArrayBuffer>;
  }
  | { readonly action: "own"; readonly file: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly action: "wait"; readonly reason: string };

/** Decides for chained mode; never throws for what a file holds. */
export function planChain(input: PlanInput): ChainingPlan {
  const named = input.confName === "" ? undefined : resolveName(input.confName, input.files);
  const name = named ?? (input.confName === "" || input.follow ? runtimesChoice(input) : undefined);
  if (name === undefined) return { action: "wait", reason: whyNone(input) };
  const file = input.files.find((one) => one.name === name);
  if (file?.bytes === undefined) {
    const why = file?.unreadable ?? "it cannot be read";
    return { action: "wait", reason: `"${name}": ${why}` };
  }
  try {
    return planFor(name, byteText(file.bytes), input);
  } catch (error) {
    // A file that is no config now may be one in a moment.
    if (error instanceof KumaError) {
      return { action: "wait", reason: `"${name}": ${errorText(error)}` };
    }
    throw error;
  }
}

/** What the runtime uses; where it can use nothing, a list that only has the wrong name. */
function runtimesChoice(input: PlanInput): string | undefined {
  const files = input.files.filter((file) => !isOwnSingle(file));
  return chooseConfig(files).winner?.name ?? files.filter(isMisnamedList).map(({ name }) => name)
    .sort(compareNames)[0];
}

/** A list in a `.conf` or `.json`, which runtimes refuse: what Kuma 2.9 leaves behind. */
function isMisnamedList({ name, bytes }: NetFile): boolean {
  const renamed = listName(name);
  return bytes !== undefined && renamed !== name && judge({ name: renamed, bytes }).valid;
}

/** A standalone config of our own: nothing that could be chained to. */
export function isOwnSingle(file: NetFile): boolean {
  if (file.bytes === undefined || file.name.endsWith(".conflist")) return false;
  try {
    return stringIn(readObject(byteText(file.bytes)).node, "type") === PLUGIN_TYPE;
  } catch (error) {
    if (error instanceof KumaError) return false;
    throw error;
  }
}

/**
 * The file that a forced name means: itself, or its `.conf`/`.conflist` counterpart where only that is
 * there. Our conversion turns the one into the other, so both names have to lead to it.
 */
export function resolveName(confName: string, files: readonly NetFile[]): string | undefined {
  const base = confName.replace(/\.(conf|conflist|json)$/, "");
  const order = [confName, `${base}.conflist`, `${base}.conf`, `${base}.json`];
  return order.find((name) => files.some((file) => file.name === name));
}

function planFor(name: string, text: string, input: PlanInput): ChainingPlan {
  if (name.endsWith(".conflist")) {
    if (input.method === "drop-in") return planDropIn({ name, text }, input.entry);
    if (hasPlugin(text, input.entry)) return { action: "keep", file: name };
    return { action: "edit", file: name, bytes: bytesOf(insertPlugin(text, input.entry)) };
  }
  if (listName(name) === name) {
    return { action: "wait", reason: `"${name}" has none of a CNI config's extensions` };
  }
  const isSingle = hasKey(readObject(text).node, "type");
  // A list in a file of another name is refused by runtimes; Kuma 2.9 left such files behind.
  const list = isSingle ? convertToList(text, input.entry) : insertPlugin(text, input.entry);
  return { action: "convert", from: name, file: targetOf(name, input), bytes: bytesOf(list) };
}

/**
 * Decides for standalone mode: `text` in a file of our own, for Multus.
 *
 * @param made files that the journal says we made: whoever wrote over such a one took the plugin out
 */
export function planStandalone(
  files: readonly NetFile[],
  confName: string,
  text: string,
  made: ReadonlySet<string> = new Set(),
): ChainingPlan {
  const name = confName === "" ? OWN_FILE : confName;
  const present = files.find((file) => file.name === name);
  const bytes = new TextEncoder().encode(text);
  if (present === undefined) return { action: "own", file: name, bytes };
  // An empty file was ours, before the power went: nobody chains to nothing.
  const ours = made.has(name) || isOwnSingle(present) || hasOurs(present);
  if (!ours && present.bytes?.length !== 0) {
    return { action: "wait", reason: `"${name}" belongs to another plugin; KUMA-INS-031` };
  }
  return isEqual(present.bytes, bytes)
    ? { action: "keep", file: name }
    : { action: "own", file: name, bytes };
}

/** A drop-in has to be written unless it is there. */
function planDropIn(list: { name: string; text: string }, entry: PluginEntry): ChainingPlan {
  const { name, text } = list;
  const network = stringIn(readObject(text).node, "name") ?? "";
  if (/"loadOnlyInlinedPlugins"\s*:\s*(true|"true")/.test(text)) {
    return {
      action: "wait",
      reason: `"${name}" says loadOnlyInlinedPlugins: drop-ins are not read`,
    };
  }
  // The name becomes a directory: only what libcni takes for a network's name is let through.
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(network)) {
    return { action: "wait", reason: `"${name}" names its network "${network}"` };
  }
  const file = `${network}/${DROP_IN}`;
  return {
    action: "own",
    file,
    bytes: new TextEncoder().encode(`${JSON.stringify(entry, null, 2)}\n`),
  };
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** `x.conflist`, if that is free or ours; else a name that sorts before both, so that it wins. */
function targetOf(name: string, input: PlanInput): string {
  const target = listName(name);
  const present = input.files.find((file) => file.name === target);
  if (present === undefined || input.made.has(target) || hasOurs(present)) return target;
  return target.replace(/\.conflist$/, "-kuma-cni.conflist");
}

/** True for a list with an entry of ours. */
export function hasOurs(file: NetFile): boolean {
  if (file.bytes === undefined) return false;
  try {
    return hasAnyPlugin(byteText(file.bytes));
  } catch (error) {
    if (error instanceof KumaError) return false;
    throw error;
  }
}

function whyNone(input: PlanInput): string {
  if (input.confName !== "") {
    const used = runtimesChoice(input);
    return `"${input.confName}" is not there` +
      (used === undefined ? "" : `; the runtime uses "${used}"`);
  }
  const verdicts: ConfigCandidate[] = chooseConfig(input.files).verdicts;
  if (verdicts.length === 0) return "there is no CNI config file";
  const reasons = verdicts.map((one) => one.valid ? "" : `"${one.name}": ${one.reason}`);
  return `no CNI config file is valid (${reasons.filter((reason) => reason !== "").join("; ")})`;
}
