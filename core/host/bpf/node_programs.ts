/**
 * The programs that are attached once for all pods, and the maps that everything shares.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import {
  CGROUP_PROGRAMS,
  JOIN_MAPS,
  NODE_CONSTANTS,
  NODE_MAPS,
  REDIRECT_PROGRAM,
} from "core/bpf/layout.ts";
import { close, errnoText, openReadOnly } from "../libc.ts";
import { entriesOf, removeEntry, removeTree } from "./bpffs.ts";
import { libbpf } from "./libbpf.ts";
import { attachPinned } from "./links.ts";
import { BpfMap } from "./map.ts";
import { BpfObject } from "./object.ts";
import { pin, type Pins } from "./pins.ts";

const SK_MSG_VERDICT = 7;

/** What the kernel can do of what the programs would like. */
export interface Features {
  /** bpf_get_netns_cookie in all of them, Linux 5.15. */
  readonly netnsCookie: boolean;
  /** The ring buffer of events, Linux 5.8. */
  readonly ringBuffer: boolean;
  /** getpeername, Linux 5.8. */
  readonly peerNames: boolean;
}

/** From all to the least that serves. */
const STEPS: readonly Features[] = [
  { netnsCookie: true, ringBuffer: true, peerNames: true },
  { netnsCookie: false, ringBuffer: true, peerNames: true },
  { netnsCookie: false, ringBuffer: false, peerNames: false },
];

/** What {@linkcode loadNode} works with. */
export interface NodeOptions {
  /** `node.bpf.o` */
  readonly object: Uint8Array<ArrayBuffer>;
  readonly pins: Pins;
  /** The folder of a cgroup of version 2; the programs see sockets that were made in it and below. */
  readonly cgroup: string;
  /** Join sockets by `sk_msg`, for pods that ask for it; not done where the kernel has no {@linkcode Features.netnsCookie}. */
  readonly accelerate: boolean;
  /** Other sizes of maps, for tests. */
  readonly maxEntries?: Readonly<Record<string, number>>;
  /** What to try; all that the kernel might do where it is left out. */
  readonly steps?: readonly Features[];
}

/**
 * Loads the programs of the node and attaches them. Maps that are pinned are used with what they hold; programs take
 * the place of former ones without a gap. A second run changes nothing that can be seen.
 *
 * @returns what the kernel could do
 * @throws {KumaError} `KUMA-BPF-011` to `-017`.
 */
export function loadNode(options: NodeOptions): Features {
  const { pins, accelerate } = options;
  pins.create();
  const cgroup = openReadOnly(options.cgroup);
  if (cgroup < 0) {
    throw new KumaError(
      "KUMA-BPF-017",
      `the cgroup ${options.cgroup} cannot be opened: ${errnoText(cgroup)}`,
    );
  }
  const reused = NODE_MAPS.flatMap((name) =>
    accelerate || !JOIN_MAPS.has(name) ? BpfMap.pinned(pins.map(name)) ?? [] : []
  );
  try {
    const reuse = new Map(reused.map((map) => [map.name.slice(pins.maps.length + 1), map]));
    const { object, features } = loadWhatFits(options, reuse);
    using _object = object;
    for (const name of NODE_MAPS) {
      const reused = reuse.has(name) && !object.misfits.has(name);
      if (reused || missingMaps(features).has(name)) continue;
      removeEntry(pins.map(name));
      pin(object.mapFd(name), pins.map(name));
    }
    if (joins(options, features)) join(object);
    const target = { fd: cgroup, id: BigInt(Deno.statSync(options.cgroup).ino ?? 0) };
    const attached: string[] = [];
    for (const { name, attachType, optional } of CGROUP_PROGRAMS) {
      if (optional && !features.peerNames) continue;
      attachPinned(object.programFd(name), target, attachType, pins.link(name));
      attached.push(name);
    }
    // What another version attached, or a run that was killed has left.
    for (const name of entriesOf(pins.links)) {
      if (!attached.includes(name)) removeEntry(pins.link(name));
    }
    return features;
  } finally {
    for (const map of reused) map.close();
    close(cgroup);
  }
}

/**
 * Takes away the node's programs and maps, first what redirects. What is not there is fine. Pods are taken away
 * before: see `unload.ts`.
 */
export function unloadNode(pins: Pins): void {
  for (const { name } of CGROUP_PROGRAMS.toReversed()) removeEntry(pins.link(name));
  removeTree(pins.root);
}

/** Names of the node's maps that are not made. */
export function missingMaps({ netnsCookie, ringBuffer }: Features): ReadonlySet<string> {
  return new Set([...(ringBuffer ? [] : ["events"]), ...(netnsCookie ? [] : JOIN_MAPS)]);
}

/** Whether sockets are joined. */
export function joins(
  { accelerate }: Pick<NodeOptions, "accelerate">,
  { netnsCookie }: Features,
): boolean {
  return accelerate && netnsCookie;
}

function loadWhatFits(options: NodeOptions, reuse: ReadonlyMap<string, BpfMap>) {
  const failures: unknown[] = [];
  for (const features of options.steps ?? STEPS) {
    const { netnsCookie, ringBuffer, peerNames } = features;
    try {
      const object = BpfObject.load({
        name: "node",
        bytes: options.object,
        constants: NODE_CONSTANTS.encode({
          netns_cookie: Number(netnsCookie),
          ring_buffer: Number(ringBuffer),
          accelerate: Number(joins(options, features)),
          zero8: 0,
          zero32: 0,
        }),
        reuse,
        withoutPrograms: [
          ...(joins(options, features) ? [] : [REDIRECT_PROGRAM]),
          ...CGROUP_PROGRAMS.filter(({ optional }) => optional && !peerNames).map((p) => p.name),
        ],
        withoutMaps: [...missingMaps(features)],
        ...(options.maxEntries === undefined ? {} : { maxEntries: options.maxEntries }),
      });
      return { object, features };
    } catch (error) {
      if (!(error instanceof KumaError) || error.code !== "KUMA-BPF-012") throw error;
      failures.push(error);
    }
  }
  // The first says what a kernel that has everything still refused.
  throw failures[0];
}

function join(object: BpfObject): void {
  const map = object.mapFd("accelerated");
  const program = object.programFd(REDIRECT_PROGRAM);
  const result = libbpf().bpf_prog_attach(program, map, SK_MSG_VERDICT, 0);
  if (result >= 0) return;
  throw new KumaError("KUMA-BPF-015", `cannot attach sk_msg: ${errnoText(result)}`);
}
