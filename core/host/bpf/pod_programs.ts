/**
 * One pod: its entries in the maps, and its own program at the ingress of its interfaces.
 *
 * @module
 */
import { cookieKey, type Entry, podEntries } from "core/bpf/entries.ts";
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
import { close, openReadOnly } from "../libc.ts";
import { attachClassifier, detachClassifier } from "./classifier.ts";
import { BpfMap } from "./map.ts";
import { inspectNetns, type NetnsView, withinNetns } from "./netns_view.ts";
import { BpfObject } from "./object.ts";
import { attachPinned, type Pins, unpin } from "./pins.ts";

const SK_LOOKUP = 36;

/** What {@linkcode addPod} works with. */
export interface PodOptions {
  /** `pod.bpf.o` */
  readonly object: Uint8Array<ArrayBuffer>;
  readonly pins: Pins;
  /** Path of the network namespace. */
  readonly netns: string;
  readonly config: ResolvedConfig;
  /** UID of the sidecar as this user namespace numbers it. */
  readonly sidecarUid: number;
  readonly dnsServers: readonly string[];
  readonly eventMask: number;
  readonly accelerate: boolean;
  /** What the kernel could do when the node's programs were loaded. */
  readonly ringBuffer: boolean;
  /** Handle connections whose ends are still in TIME_WAIT; Linux 5.10. */
  readonly reuse: boolean;
}

/**
 * Puts a pod's configuration in force, and its program at its interfaces: connections that begin from now on are
 * redirected. A second call takes the place of the first, all at once.
 *
 * @returns the cookie of the pod's network namespace
 * @throws {KumaError} `KUMA-BPF-001`, `-011` to `-018`.
 */
export function addPod(options: PodOptions): bigint {
  const view = inspectNetns(options.netns);
  using maps = new SharedMaps(options.pins);
  const key = cookieKey(view.netns);
  const former = maps.get("pods").get(key);
  const generation = former === undefined ? 1 : (POD.decode(former).generation % 0xffffffff) + 1;
  const entries = podEntries(options.config, { ...options, ...view, generation });
  if (maps.get("pod_counters").get(key, emptyCounters(processors()).length) === undefined) {
    maps.get("pod_counters").set(key, emptyCounters(processors()));
  }
  for (const name of ["pod_ports", "pod_addresses", "pod_uid_rules"] as const) {
    for (const { key, value } of entries[name]) maps.get(name).set(key, value);
  }
  maps.get("pods").set(entries.pods.key, entries.pods.value);
  attach(options, view, maps);
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
 */
export function removePod(pins: Pins, netns: bigint, path: string | undefined): void {
  using maps = new SharedMaps(pins);
  maps.get("pods").delete(cookieKey(netns));
  if (path !== undefined) {
    const { interfaces } = inspectNetns(path);
    withinNetns(path, () => interfaces.forEach(({ index }) => detachClassifier(index)));
  }
  unpin(pins.podLink(netns, REUSE_PROGRAM));
  maps.get("pod_counters").delete(cookieKey(netns));
  forgetOthers(maps, netns, []);
}

/** Cookies of the namespaces that are configured. */
export function listPods(pins: Pins): bigint[] {
  using maps = new SharedMaps(pins);
  return maps.get("pods").keys().map((key) => new DataView(key.buffer).getBigUint64(0, true));
}

/** The pinned maps that all programs share. */
export class SharedMaps implements Disposable {
  readonly #maps = new Map<string, BpfMap>();

  /** @throws {KumaError} `KUMA-BPF-018` where the node's programs are not loaded. */
  constructor(pins: Pins) {
    for (const name of SHARED_MAPS) {
      const map = BpfMap.pinned(pins.map(name));
      if (map !== undefined) this.#maps.set(name, map);
      else if (name !== "events") {
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

  /** Descriptors by name. */
  get fds(): Map<string, number> {
    return new Map([...this.#maps].map(([name, { fd }]) => [name, fd]));
  }

  [Symbol.dispose](): void {
    for (const map of this.#maps.values()) map.close();
  }
}

function attach(options: PodOptions, view: NetnsView, maps: SharedMaps): void {
  const { pins, ringBuffer, reuse } = options;
  using object = BpfObject.load({
    name: "pod",
    bytes: options.object,
    constants: POD_CONSTANTS.encode({
      netns: view.netns,
      ring_buffer: Number(ringBuffer),
      reuse: Number(reuse),
      zero16: 0,
      zero32: 0,
    }),
    reuse: maps.fds,
    withoutPrograms: reuse ? [] : [REUSE_PROGRAM],
    withoutMaps: ringBuffer ? [] : ["events"],
  });
  // Announced connections are looked for from the first on.
  if (reuse) {
    const netns = openReadOnly(options.netns);
    try {
      const path = pins.podLink(view.netns, REUSE_PROGRAM);
      attachPinned(object.programFd(REUSE_PROGRAM), netns, SK_LOOKUP, path);
    } finally {
      close(netns);
    }
  }
  const program = object.programFd(INGRESS_PROGRAM);
  withinNetns(options.netns, () => {
    for (const { index } of view.interfaces) attachClassifier(program, index);
  });
}

/** Removes the entries of this pod that are not among those to keep. */
function forgetOthers(maps: SharedMaps, netns: bigint, keep: readonly Entry[]): void {
  const kept = new Set(keep.map(({ key }) => key.join()));
  for (const name of ["pod_ports", "pod_addresses", "pod_uid_rules"] as const) {
    const offset = name === "pod_addresses" ? 8 : 0;
    for (const key of maps.get(name).keys()) {
      const owner = new DataView(key.buffer).getBigUint64(offset, true);
      if (owner === netns && !kept.has(key.join())) maps.get(name).delete(key);
    }
  }
}

/** How many values one of a map per CPU has: the processors that the kernel could ever have. */
export function processors(): number {
  const text = Deno.readTextFileSync("/sys/devices/system/cpu/possible");
  return Number(text.trim().split(/[-,]/).at(-1)) + 1;
}
