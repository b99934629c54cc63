/**
 * `kuma-ebpf-loader load`, `unload` and `check`.
 *
 * @module
 */
import { embeddedObjects } from "core/host/bpf/embedded.ts";
import { untilDetached } from "core/host/bpf/links.ts";
import { alone } from "core/host/bpf/lock.ts";
import { load, type Loaded, unload, type Unloaded } from "core/host/bpf/node.ts";
import { isRootCgroup, preflight, requireAll } from "core/host/bpf/preflight.ts";
import type { Pins } from "core/host/bpf/pins.ts";
import type { ParsedCommand } from "core/program/command.ts";
import { errorLines } from "core/program/error_lines.ts";
import type { Io } from "core/program/io.ts";
import { existingPins, placeOf } from "./place.ts";

/** Attaches everything, and says what became of the pods that were there. */
export async function loadCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const place = placeOf(parsed);
  let cgroup: string;
  try {
    cgroup = requireAll(place);
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    for (const one of error.errors) io.err(errorLines(one, io));
    return 1;
  }
  const loaded = await loadAll(place.pins, cgroup, parsed.on("accelerate"));
  io.out(`Programs are attached to ${cgroup}.\n`);
  if (!isRootCgroup(cgroup)) {
    io.err(`Warning: ${cgroup} is no root cgroup: what runs elsewhere is not redirected\n`);
  }
  const { kept, gone, failed } = loaded.pods;
  if (kept.length > 0) io.out(`Pods with the present programs: ${kept.length}.\n`);
  for (const name of gone) io.out(`${name} has gone and is forgotten.\n`);
  for (const line of failed) io.err(`Error: ${line}\n`);
  return failed.length > 0 ? 1 : 0;
}

/** Loads with the objects of this program, while nobody else does. */
export function loadAll(pins: Pins, cgroup: string, accelerate: boolean): Promise<Loaded> {
  const { node, pod } = embeddedObjects();
  return alone(pins, () => load({ pins, cgroup, accelerate, object: node, pod }));
}

/** Takes everything away. */
export async function unloadCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const { changed, pods, unreachable } = await unloadAll(existingPins(parsed));
  if (!changed) io.out("Nothing was loaded, nothing was changed.\n");
  else io.out(`Programs, maps and pins are gone; pods that were redirected: ${pods}.\n`);
  for (const name of unreachable) {
    io.err(
      `Warning: the network namespace of ${name} cannot be reached: a program stays at its ` +
        "interfaces, leaves everything alone, and goes with the pod\n",
    );
  }
  return 0;
}

/** Takes everything away, while nobody else works there, and waits until the kernel has let go of it. */
export async function unloadAll(pins: Pins): Promise<Unloaded> {
  const unloaded = await alone(pins, () => unload(pins));
  await untilDetached(unloaded.links);
  return unloaded;
}

/** Says of each thing that is needed whether it is there. */
export function checkCommand(parsed: ParsedCommand, io: Io): number {
  const { findings } = preflight(placeOf(parsed));
  for (const { about, is, lacks } of findings) {
    if (lacks === undefined) io.out(`ok    ${about}: ${is}\n`);
  }
  const lacking = findings.flatMap(({ lacks }) => lacks ?? []);
  for (const error of lacking) io.err(errorLines(error, io));
  return lacking.length > 0 ? 1 : 0;
}
