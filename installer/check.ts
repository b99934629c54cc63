/**
 * `install-cni check`: what the installer would do on this node, and why. Changes nothing.
 *
 * @module
 */
import { chooseConfig } from "core/conflist/choose.ts";
import { errorText, KumaError } from "core/errors.ts";
import { ownCredential } from "./credentials.ts";
import { type ConflistEntry, makeEntry, ownPod, withLevel } from "./netdir/entry.ts";
import { recognise } from "./environment/recognise.ts";
import { recogniseRuntime } from "./environment/runtime.ts";
import { look } from "./netdir/look.ts";
import { namesIn, readNetDir } from "./netdir/net_dir.ts";
import { type Places, PROGRAM } from "./program/places.ts";
import type { ChainingPlan } from "./netdir/plan.ts";
import { bundledInterpreter, programBehind } from "./program/loader.ts";
import { hostBinDir, isInstalled } from "./program.ts";
import { whyIncomplete, whyNotStartable } from "./program/startable.ts";
import type { Settings } from "./settings/settings.ts";
import { claimsOf } from "./token.ts";

/** What there is on the node, and what would be done. */
export interface Report {
  /** Where CNI configurations are: as this container sees it, and as the host does. */
  readonly netDir: Place;
  /** The configurations in the order in which the runtime reads them. */
  readonly configs: readonly FoundConfig[];
  /** The cluster's network, where its configurations tell. */
  readonly network?: string;
  /** The container runtime. */
  readonly runtime: string;
  /** Where the plugin belongs. */
  readonly plugin: Place & {
    readonly state: "is there" | "would be copied" | "would be replaced" | "unknown";
    /** Why what is there is not left: it cannot start. */
    readonly reason?: string;
  };
  readonly would: PlannedChange;
  readonly warnings: readonly string[];
  /** Whether the installer could do its work now. */
  readonly works: boolean;
}

/** A folder or file. */
export interface Place {
  /** In this container. */
  readonly path: string;
  /** On the host. */
  readonly host: string;
}

/** One configuration. */
export interface FoundConfig {
  readonly name: string;
  /** A list of plugins or a single one; absent where it is neither. */
  readonly kind?: string;
  /** Types of its plugins. */
  readonly types?: readonly string[];
  /** Why it is invalid. */
  readonly invalid?: string;
  /** Whether the runtime uses it. */
  readonly used: boolean;
}

/** What would be done about the chain. */
export interface PlannedChange {
  readonly action: ChainingPlan["action"];
  /** File that has the entry then. */
  readonly file?: string;
  /** File that it takes the place of. */
  readonly from?: string;
  /** What it waits for. */
  readonly reason?: string;
}

/**
 * Looks at the node.
 *
 * @throws {KumaError} `KUMA-INS-011` for a bad CNI_NETWORK_CONFIG
 */
export function check(settings: Settings, places: Places): Report {
  const warnings: string[] = [];
  const entry = entryOf(settings, places, warnings);
  const host = hostBinDir(settings, entry.binDir);
  const chain = chainOf(settings, places, entry, host, warnings);
  const plugin = pluginOf(settings, host, warnings);
  const runtime = recogniseRuntime((path) => isThere(`${settings.hostRoot}/${path}`, settings));
  const netDir = { path: places.netDir, host: settings.netDir.host };
  return { netDir, ...chain, runtime, plugin, warnings, works: chain.would.action !== "wait" };
}

function chainOf(
  settings: Settings,
  places: Places,
  entry: ConflistEntry,
  binDir: string,
  warnings: string[],
): Pick<Report, "configs" | "network" | "would"> {
  let configs: FoundConfig[] = [];
  const found: { network?: string } = {};
  try {
    const { verdicts, winner } = chooseConfig(readNetDir(places.netDir));
    configs = verdicts.map((one) => {
      const { name } = one, used = one === winner;
      return one.valid
        ? { name, kind: one.kind, types: one.types, used }
        : { name, invalid: one.reason, used };
    });
    const names = namesIn(places.netDir);
    const { chained } = settings;
    const netDir = settings.netDir.host;
    const facts = { winner, verdicts, names, netDir, binDir, chained };
    const { network, warnings: known } = recognise(facts);
    found.network = network;
    warnings.push(...known);
    const { plan } = look(settings, places, entry);
    if (chained && winner !== undefined && "file" in plan && settings.confName !== "") {
      const own = plan.action === "convert" ? plan.from : plan.file;
      if (own !== winner.name) {
        warnings.push(`CNI_CONF_NAME chains "${own}", but the runtime uses "${winner.name}"`);
      }
    }
    return { configs, ...found, would: withoutBytes(plan) };
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
    warnings.push(`the net dir cannot be read: ${errorText(error)}`);
    return { configs, ...found, would: { action: "wait", reason: "the net dir cannot be read" } };
  }
}

function withoutBytes(plan: ChainingPlan): PlannedChange {
  const { bytes: _, ...rest } = { bytes: undefined, ...plan };
  return rest;
}

/** The entry that the installer would write with these settings; the level that is switched at run time aside. */
function entryOf(settings: Settings, places: Places, warnings: string[]): ConflistEntry {
  const token = () => ownCredential(settings).token;
  let pod = ownPod(settings, undefined);
  if (!pod.namespace || !pod.name) {
    try {
      pod = ownPod(settings, claimsOf(token()));
    } catch (error) {
      if (!(error instanceof KumaError)) throw error;
      const why = errorText(error);
      warnings.push(
        `the entry is compared without the installer's pod, which is not known: ${why}`,
      );
    }
  }
  const entry = makeEntry(settings, places, token, pod);
  return settings.logLevel === "info" ? entry : withLevel(entry, settings.logLevel);
}

function pluginOf(settings: Settings, host: string, warnings: string[]): Report["plugin"] {
  const { mounted } = settings.binDir;
  const place = { path: `${mounted}/${PROGRAM}`, host };
  try {
    const incomplete = whyIncomplete(settings.sourceDir, PROGRAM);
    if (incomplete !== undefined) {
      warnings.push(`the plugin to install cannot start: ${incomplete}`);
    } else if (
      bundledInterpreter(programBehind(`${settings.sourceDir}/${PROGRAM}`)) === undefined
    ) {
      warnings.push("the plugin brings no C library: it needs the host's (glibc 2.27 or newer)");
    }
    if (isInstalled(settings, mounted, host)) return { ...place, state: "is there" };
    const view = { mounted, host, root: settings.hostRoot };
    const reason = whyNotStartable(place.path, view);
    if (reason === undefined) return { ...place, state: "would be copied" };
    return { ...place, state: "would be replaced", reason };
  } catch (error) {
    if (!(error instanceof KumaError) && !(error instanceof Deno.errors.NotFound)) throw error;
    warnings.push(`the plugin cannot be looked at: ${errorText(error)}`);
    return { ...place, state: "unknown" };
  }
}

function isThere(path: string, settings: Settings): boolean {
  if (settings.hostRoot === "") return false;
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}
