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

/** The report, and whether the installer could do its work. */
export interface Report {
  readonly lines: readonly string[];
  readonly works: boolean;
}

/**
 * Looks at the node.
 *
 * @throws {KumaError} `KUMA-INS-011` for a bad CNI_NETWORK_CONFIG
 */
export function check(settings: Settings, places: Places): Report {
  const warnings: string[] = [];
  const entry = entryOf(settings, places, warnings);
  const hostDir = hostBinDir(settings, entry.binDir);
  const lines = [`net dir    ${places.netDir} (host: ${settings.netDir.host})`];
  let plan: ChainingPlan = { action: "wait", reason: "the net dir cannot be read" };
  try {
    const { verdicts, winner } = chooseConfig(readNetDir(places.netDir));
    for (const one of verdicts) {
      const what = one.valid ? `${one.kind}: ${one.types.join(", ")}` : `invalid: ${one.reason}`;
      lines.push(
        `config     ${one.name}  ${what}${one === winner ? "  <- the runtime uses this" : ""}`,
      );
    }
    const names = namesIn(places.netDir);
    const { chained } = settings;
    const facts = {
      winner,
      verdicts,
      names,
      netDir: settings.netDir.host,
      binDir: hostDir,
      chained,
    };
    const { network, warnings: known } = recognise(facts);
    lines.push(`network    ${network}`);
    warnings.push(...known);
    plan = look(settings, places, entry).plan;
    if (chained && winner !== undefined && "file" in plan && settings.confName !== "") {
      const own = plan.action === "convert" ? plan.from : plan.file;
      if (own !== winner.name) {
        warnings.push(`CNI_CONF_NAME chains "${own}", but the runtime uses "${winner.name}"`);
      }
    }
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
    warnings.push(`the net dir cannot be read: ${errorText(error)}`);
  }
  lines.push(
    `runtime    ${recogniseRuntime((path) => isThere(`${settings.hostRoot}/${path}`, settings))}`,
  );
  lines.push(...programLines(settings, hostDir, warnings));
  lines.push(`would      ${inWords(plan)}`, ...warnings.map((warning) => `warning    ${warning}`));
  return { lines, works: plan.action !== "wait" };
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

function programLines(settings: Settings, hostDir: string, warnings: string[]): string[] {
  const { mounted } = settings.binDir;
  const line = (state: string) => [`plugin     ${mounted}/${PROGRAM} (host: ${hostDir}): ${state}`];
  try {
    const incomplete = whyIncomplete(settings.sourceDir, PROGRAM);
    if (incomplete !== undefined) {
      warnings.push(`the plugin to install cannot start: ${incomplete}`);
    } else if (
      bundledInterpreter(programBehind(`${settings.sourceDir}/${PROGRAM}`)) === undefined
    ) {
      warnings.push("the plugin brings no C library: it needs the host's (glibc 2.27 or newer)");
    }
    if (isInstalled(settings, mounted, hostDir)) return line("is there");
    const view = { mounted, host: hostDir, root: settings.hostRoot };
    const why = whyNotStartable(`${mounted}/${PROGRAM}`, view);
    return line(
      why === undefined ? "would be copied" : `cannot start there: ${why}; would be replaced`,
    );
  } catch (error) {
    if (!(error instanceof KumaError) && !(error instanceof Deno.errors.NotFound)) throw error;
    warnings.push(`the plugin cannot be looked at: ${errorText(error)}`);
    return line("unknown");
  }
}

function inWords(plan: ChainingPlan): string {
  switch (plan.action) {
    case "keep":
      return `change nothing: "${plan.file}" has the entry`;
    case "edit":
      return `add the entry at the end of the plugins in "${plan.file}"`;
    case "convert":
      return `write "${plan.file}" with the plugin of "${plan.from}" and the entry, then remove "${plan.from}"`;
    case "own":
      return `write "${plan.file}"`;
    case "wait":
      return `wait: ${plan.reason}`;
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
