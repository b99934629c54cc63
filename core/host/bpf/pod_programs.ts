/**
 * One pod: its entries in the maps, and its own program at the ingress of its interfaces.
 *
 * @module
 */
import { cookieKey, type MapEntry, podEntries } from "core/bpf/entries.ts";
import {
  INGRESS_PROGRAM,
  POD,
  POD_CONSTANTS,
  REUSE_PROGRAM,
  SHARED_MAPS,
} from "core/bpf/layout.ts";
import { emptyCounters } from "core/bpf/counters.ts";
import { KumaError } from "core/errors.ts";
import type { ResolvedConfig } from "core/proxy/resolved.ts";
import { interfaceIndex, interfaceNames, loopbackInterface } from "../interfaces.ts";
import { close, openReadOnly } from "../libc.ts";
import { netnsInode } from "../netns.ts";
import { attachClassifier, detachClassifier, removeHook } from "./classifier.ts";
import { BpfMap } from "./map.ts";
import { type NetnsView, prepareNetns, withinNetns } from "./netns_view.ts";
import { BpfObject } from "./object.ts";
import { readProcFile } from "../proc.ts";
import { removeEntry } from "./bpffs.ts";
import { attachPinned } from "./links.ts";
import { onNode } from "./pod_users.ts";
import type { Pins } from "./pins.ts";

const SK_LOOKUP = 36;

/** What {@linkcode addPod} works with. */
export interface PodOptions {
  /** `pod.bpf.o` */
  readonly object: Uint8Array<ArrayBuffer>;
  readonly pins: Pins;
  /** Path of the network namespace. */
  readonly netns: string;
  readonly config: ResolvedConfig;
  /** UID of the sidecar as the pod numbers its users; so are those of the configuration. */
  readonly sidecarUid: number;
  readonly dnsServers: readonly string[];
  readonly eventMask: number;
  readonly accelerate: boolean;
  /** The events' ring is there; by default, whether it is pinned. */
  readonly ringBuffer?: boolean;
  /** Handle connections whose ends are still in TIME_WAIT; Linux 5.10. By default, where the kernel can. */
  readonly reuse?: boolean;
  /** Is told each interface that had no place for classifiers before (the qdisc clsact). */
  readonly madeHook?: (ifindex: number) => void;
}

/**
 * Puts a pod's configuration in force, and its program at its interfaces: connections that begin from now on are
 * redirected. A second call takes the place of the first, all at once.
 *
 * @returns the cookie of the pod's network namespace
 * @throws {KumaError} `KUMA-BPF-001`, `-011` to `-018`, `-024`, `KUMA-HOST-111`.
 */
export function addPod(options: PodOptions): bigint {
  const view = prepareNetns(options.netns);
  using maps = new SharedMaps(options.pins);
  const key = cookieKey(view.netns);
  const former = maps.get("pods").get(key);
  const generation = former === undefined ? 1 : (POD.decode(former).generation % 0xffffffff) + 1;
  const { config, sidecarUid } = onNode(options.netns, options);
  const entries = podEntries(config, { ...options, ...view, sidecarUid, generation });
  if (maps.get("pod_counters").get(key, emptyCounters(processors()).length) === undefined) {
    maps.get("pod_counters").set(key, emptyCounters(processors()));
  }
  for (const name of ["pod_ports", "pod_addresses", "pod_uid_rules"] as const) {
    for (const { key, value } of entries[name]) maps.get(name).set(key, value);
  }
  // The programs do nothing for a pod that is not among `pods`: that entry puts all of it in force at once.
  attach(options, view, maps);
  maps.get("pods").set(entries.pods.key, entries.pods.value);
  forgetOthers(maps, view.netns, [
    ...entries.pod_ports,
    ...entries.pod_addresses,
    ...entries.pod_uid_rules,
  ]);
  return view.netns;
}

/**
 * Takes a pod's configuration and programs away; connections that are there go on.
 *
 * @param netns cookie of its network namespace
 * @param path of the namespace; undefined where it is gone, and its interfaces with it
 * @param hooks indices of interfaces whose place for classifiers we made
 */
export function removePod(
  pins: Pins,
  netns: bigint,
  path: string | undefined,
  hooks: readonly number[] = [],
): void {
  // A run that was killed may have left some of them alone.
  using maps = new SharedMaps(pins, true);
  maps.find("pods")?.delete(cookieKey(netns));
  if (path !== undefined) {
    withinNetns(path, () => {
      const loopback = loopbackInterface();
      const names = interfaceNames(readProcFile("/proc/thread-self/net/dev"));
      for (const name of names) if (name !== loopback) detachClassifier(interfaceIndex(name));
      for (const index of hooks) removeHook(index);
    });
  }
  removeEntry(pins.podLink(netns, REUSE_PROGRAM));
  maps.find("pod_counters")?.delete(cookieKey(netns));
  forgetOthers(maps, netns, []);
}

/** The pinned maps that all programs share. */
export class SharedMaps implements Disposable {
  readonly #maps = new Map<string, BpfMap>();

  /**
   * @param partly whether it is enough that some are there
   * @throws {KumaError} `KUMA-BPF-018` where the node's programs are not loaded.
   */
  constructor(pins: Pins, partly = false) {
    for (const name of SHARED_MAPS) {
      const map = BpfMap.pinned(pins.map(name));
      if (map !== undefined) this.#maps.set(name, map);
      else if (name !== "events" && !partly) {
        this[Symbol.dispose]();
        throw new KumaError("KUMA-BPF-018", `there is no map ${pins.map(name)}`, {
          hint: "load the programs of the node first",
        });
      }
    }
  }

  /** A map by name. */
  get(name: typeof SHARED_MAPS[number]): BpfMap {
    const map = this.#maps.get(name);
    if (map === undefined) throw new KumaError("KUMA-BPF-018", `there is no map ${name}`);
    return map;
  }

  /** A map by name; undefined where it is not there. */
  find(name: typeof SHARED_MAPS[number]): BpfMap | undefined {
    return this.#maps.get(name);
  }

  /** All that are there, by name. */
  get all(): ReadonlyMap<string, BpfMap> {
    return this.#maps;
  }

  [Symbol.dispose](): void {
    for (const map of this.#maps.values()) map.close();
  }
}

function attach(options: PodOptions, view: NetnsView, maps: SharedMaps): void {
  const { pins } = options;
  const { object, reuse } = loadPod(options, view, maps);
  using _object = object;
  // Announced connections are looked for from the first on.
  if (reuse) {
    const netns = openReadOnly(options.netns);
    try {
      const path = pins.podLink(view.netns, REUSE_PROGRAM);
      const target = { fd: netns, id: BigInt(netnsInode(options.netns)) };
      attachPinned(object.programFd(REUSE_PROGRAM), target, SK_LOOKUP, path);
    } finally {
      close(netns);
    }
  }
  const program = object.programFd(INGRESS_PROGRAM);
  withinNetns(options.netns, () => {
    for (const { index } of view.interfaces) {
      if (attachClassifier(program, index)) options.madeHook?.(index);
    }
  });
}

/** With `reuse` where the kernel has what it needs. */
function loadPod(options: PodOptions, { netns }: NetnsView, maps: SharedMaps) {
  const ringBuffer = options.ringBuffer ?? maps.all.has("events");
  const load = (reuse: boolean) => ({
    reuse,
    object: BpfObject.load({
      name: "pod",
      bytes: options.object,
      constants: POD_CONSTANTS.encode({
        netns,
        ring_buffer: Number(ringBuffer),
        reuse: Number(reuse),
        zero16: 0,
        zero32: 0,
      }),
      reuse: maps.all,
      withoutPrograms: reuse ? [] : [REUSE_PROGRAM],
      withoutMaps: ringBuffer ? [] : ["events"],
    }),
  });
  if (options.reuse !== undefined) return load(options.reuse);
  try {
    return load(true);
  } catch (error) {
    if (!(error instanceof KumaError) || error.code !== "KUMA-BPF-012") throw error;
    try {
      return load(false);
    } catch {
      // The first says what a kernel that has everything still refused.
      throw error;
    }
  }
}

/** Removes the entries of this pod that are not among those to keep. */
function forgetOthers(maps: SharedMaps, netns: bigint, keep: readonly MapEntry[]): void {
  const kept = new Set(keep.map(({ key }) => key.join()));
  for (const name of ["pod_ports", "pod_addresses", "pod_uid_rules"] as const) {
    const offset = name === "pod_addresses" ? 8 : 0;
    const map = maps.find(name);
    for (const key of map?.keys() ?? []) {
      const owner = new DataView(key.buffer).getBigUint64(offset, true);
      if (owner === netns && !kept.has(key.join())) map?.delete(key);
    }
  }
}

/** How many values one of a map per CPU has: the processors that the kernel could ever have. */
export function processors(): number {
  const text = readProcFile("/sys/devices/system/cpu/possible");
  return Number(text.trim().split(/[-,]/).at(-1)) + 1;
}
