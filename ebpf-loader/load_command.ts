/**
 * `kuma-ebpf-loader load`, `unload` and `check`.
 *
 * @module
 */
import { embeddedObjects } from "core/host/bpf/embedded.ts";
import { untilDetached } from "core/host/bpf/links.ts";
import { alone } from "core/host/bpf/lock.ts";
import { load, type Loaded, unload, type Unloaded } from "core/host/bpf/node.ts";
import { type Finding, isRootCgroup, preflight } from "core/host/bpf/preflight.ts";
import type { Pins } from "core/host/bpf/pins.ts";
import type { ParsedCommand } from "core/program/command.ts";
import { errorLines } from "core/program/error_lines.ts";
import type { Io } from "core/program/io.ts";
import { type Document, FORMATS, printDocument } from "core/program/output.ts";
import { cgroupOf, existingPins, placeOf } from "./place.ts";

/** What `load -o json` prints, where it could be loaded. */
export interface LoadDocument extends Document {
  readonly schema: "kuma.io/kuma-ebpf-loader-load/v1";
  /** Folder of the control group that the programs are attached to. */
  readonly cgroup: string;
  /** Whether all that runs on the node is in it. */
  readonly isRootCgroup: boolean;
  readonly pods: {
    /** How many have the present programs. */
    readonly kept: number;
    /** Names of those that have gone and are forgotten. */
    readonly gone: readonly string[];
    /** Why others do not have the present programs, a line each. */
    readonly failed: readonly string[];
  };
}

/** What `unload -o json` prints. */
export interface UnloadDocument extends Document {
  readonly schema: "kuma.io/kuma-ebpf-loader-unload/v1";
  /** Whether anything was loaded. */
  readonly changed: boolean;
  /** Pods that were redirected. */
  readonly pods: number;
  /** Pods at whose interfaces a program stays, which leaves everything alone and goes with the pod. */
  readonly unreachable: readonly string[];
}

/** What `check -o json` prints. */
export interface CheckDocument extends Document {
  readonly schema: "kuma.io/kuma-ebpf-loader-check/v1";
  /** Whether the node has all that the programs need. */
  readonly works: boolean;
  readonly findings: readonly CheckedThing[];
}

/** One thing that was looked at. */
export interface CheckedThing {
  /** `libbpf`, `kernel`, `cgroup` */
  readonly about: string;
  /** What is there; absent where that is not enough. */
  readonly is?: string;
  /** Why it is not enough. */
  readonly lacks?: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** What is said where sockets were to be joined, and are not. */
export const NOT_JOINED = "sockets are not joined: this kernel cannot, Linux 5.15 can";

/** Attaches everything, and says what became of the pods that were there. */
export async function loadCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const format = parsed.choice("output", FORMATS);
  const place = placeOf(parsed);
  const cgroup = cgroupOf(place, io);
  if (cgroup === undefined) return 1;
  const loaded = await loadAll(place.pins, cgroup, parsed.on("accelerate"));
  const { kept, gone, failed } = loaded.pods;
  if (parsed.on("accelerate") && !loaded.features.netnsCookie) io.err(`Warning: ${NOT_JOINED}\n`);
  const isRoot = isRootCgroup(cgroup);
  if (format === "text") {
    io.out(`Programs are attached to ${cgroup}.\n`);
    if (kept.length > 0) io.out(`Pods with the present programs: ${kept.length}.\n`);
    for (const name of gone) io.out(`${name} has gone and is forgotten.\n`);
  } else {
    const document: LoadDocument = {
      schema: "kuma.io/kuma-ebpf-loader-load/v1",
      cgroup,
      isRootCgroup: isRoot,
      pods: { kept: kept.length, gone, failed },
    };
    await printDocument(io, format, document);
  }
  if (!isRoot) {
    io.err(`Warning: ${cgroup} is no root cgroup: what runs elsewhere is not redirected\n`);
  }
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
  const format = parsed.choice("output", FORMATS);
  const { changed, pods, unreachable } = await unloadAll(existingPins(parsed));
  if (format !== "text") {
    const schema = "kuma.io/kuma-ebpf-loader-unload/v1";
    const document: UnloadDocument = { schema, changed, pods, unreachable };
    await printDocument(io, format, document);
  } else if (!changed) io.out("Nothing was loaded, nothing was changed.\n");
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
export async function checkCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const format = parsed.choice("output", FORMATS);
  const { findings } = preflight(placeOf(parsed));
  if (format !== "text") {
    const document: CheckDocument = {
      schema: "kuma.io/kuma-ebpf-loader-check/v1",
      works: findings.every(({ lacks }) => lacks === undefined),
      findings: findings.map(checkedThing),
    };
    await printDocument(io, format, document);
    return document.works ? 0 : 1;
  }
  for (const { about, is, lacks } of findings) {
    if (lacks === undefined) io.out(`ok    ${about}: ${is}\n`);
  }
  const lacking = findings.flatMap(({ lacks }) => lacks ?? []);
  for (const error of lacking) io.err(errorLines(error, io));
  return lacking.length > 0 ? 1 : 0;
}

function checkedThing({ about, is, lacks }: Finding): CheckedThing {
  if (lacks === undefined) return { about, is };
  const { code, message, hint } = lacks;
  return { about, lacks: { code, message, ...hint === undefined ? {} : { hint } } };
}
