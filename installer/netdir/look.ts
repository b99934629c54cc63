/**
 * One look at the net dir, and what follows from it.
 *
 * @module
 */
import type { PluginEntry } from "core/conflist/edit.ts";
import { carryOut } from "./chain.ts";
import { readJournal } from "./journal.ts";
import { type NetFile, readNetDir } from "./net_dir.ts";
import { netMarks } from "./marks.ts";
import type { Places } from "../program/places.ts";
import { type ChainingPlan, hasOurs, planChain, planStandalone } from "./plan.ts";
import { placeOf } from "./snapshot.ts";
import type { Settings } from "../settings/settings.ts";

const ATTEMPTS = 5;

/** The net dir and what to do in it. */
export interface Look {
  readonly files: readonly NetFile[];
  readonly plan: ChainingPlan;
  /** Files with an entry or a note of ours that are not the one that counts. */
  readonly strays: readonly string[];
  /** Marks of what was looked at; undefined where it changed meanwhile. */
  readonly marks: string | undefined;
}

/** Looks once and decides; changes nothing. */
export function look(
  settings: Settings,
  places: Places,
  entry: { readonly text: string; readonly plugin: PluginEntry },
): Look {
  const { chained, confName, method } = settings;
  const before = netMarks(settings, places, "");
  const files = readNetDir(places.netDir, confName);
  const notes = readJournal(places).files;
  const made = new Set(Object.keys(notes).filter((name) => notes[name]?.original === undefined));
  const wasChained = Object.keys(notes).length > 0;
  let plan = chained
    ? planChain({ files, confName, entry: entry.plugin, method, made, follow: wasChained })
    : planStandalone(files, confName, entry.text, made);
  const file = "file" in plan ? plan.file : undefined;
  // A drop-in is not among the files: it is looked at between its marks.
  const marks = netMarks(settings, places, file ?? "");
  if (plan.action === "own" && isWritten(places, plan)) plan = { action: "keep", file: plan.file };
  const counts = files.find(({ name }) => name === file)?.snapshot;
  const isSame = ({ snapshot }: NetFile) =>
    snapshot !== undefined && counts !== undefined && placeOf(snapshot) === placeOf(counts);
  const withOurs = files.filter((one) =>
    one.name.endsWith(".conflist") && hasOurs(one) && !isSame(one)
  );
  const strays = [...new Set([...withOurs.map(({ name }) => name), ...Object.keys(notes)])]
    .filter((name) => file !== undefined && name !== file);
  const untouched = before === netMarks(settings, places, "") &&
    marks === netMarks(settings, places, file ?? "");
  return { files, plan, strays, marks: untouched ? marks : undefined };
}

/**
 * Acts and looks until there is nothing left to do, or until another writer has been faster too often.
 *
 * @param seen what a look has just shown
 * @param looking looks again
 * @returns the last look, and what was done
 */
export function act(
  settings: Settings,
  places: Places,
  entry: { readonly text: string; readonly plugin: PluginEntry },
  seen: Look = look(settings, places, entry),
  looking: typeof look = look,
): { last: Look; done: ChainingPlan["action"][] } {
  const done: ChainingPlan["action"][] = [];
  let last = seen;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { plan, files } = last;
    if (plan.action === "keep" || plan.action === "wait") break;
    if (carryOut(places, files, plan)) done.push(plan.action);
    last = looking(settings, places, entry);
  }
  return { last, done };
}

function isWritten(places: Places, plan: Extract<ChainingPlan, { action: "own" }>): boolean {
  try {
    const present = Deno.readFileSync(`${places.netDir}/${plan.file}`);
    return present.length === plan.bytes.length &&
      present.every((byte, at) => byte === plan.bytes[at]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}
