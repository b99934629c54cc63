/**
 * The node as a whole: loading with everything that is there already, and taking all of it away.
 *
 * @module
 */
import { NODE_OWNER } from "core/bpf/record.ts";
import { CGROUP_PROGRAMS } from "core/bpf/layout.ts";
import { VERSION } from "core/version.ts";
import { removeEntry, removeTree } from "./bpffs.ts";
import { type LinkInfo, pinnedLink } from "./links.ts";
import { type Features, joins, loadNode, type NodeOptions, unloadNode } from "./node_programs.ts";
import type { Pins } from "./pins.ts";
import {
  forgetPod,
  pathOf,
  podLink,
  podOwners,
  type PodsOutcome,
  readRequest,
  refreshPods,
} from "./pods.ts";
import { Records } from "./records.ts";

/** What is on record about the node. */
export interface NodeRecord {
  /** Of the program that loaded. */
  readonly version: string;
  /** Folder of the cgroup that the programs are attached to. */
  readonly cgroup: string;
  /** Whether sockets are joined, for pods that ask for it. */
  readonly accelerate: boolean;
  readonly features: Features;
}

/** What was loaded. */
export interface Loaded {
  readonly features: Features;
  readonly pods: PodsOutcome;
  /** Folders of other versions' maps, which are removed. */
  readonly dropped: readonly string[];
}

/** Objects and place of a load. */
export interface LoadOptions extends NodeOptions {
  /** `pod.bpf.o` */
  readonly pod: Uint8Array<ArrayBuffer>;
}

/**
 * Loads the node's programs in the place of former ones, gives pods on record the present programs, and then removes
 * what programs of another version have left. To be called {@linkcode alone}.
 *
 * @throws {KumaError} `KUMA-BPF-011` to `-020`.
 */
export function load(options: LoadOptions): Loaded {
  const { pins, cgroup, pod } = options;
  const features = loadOrNothing(options);
  using records = Records.create(pins);
  const accelerate = joins(options, features);
  const record: NodeRecord = { version: VERSION, cgroup, accelerate, features };
  records.set(NODE_OWNER, JSON.stringify(record));
  const pods = refreshPods({ pins, pod });
  // A pod that could not be taken over has its former programs, and they their maps, without the pins.
  const dropped = pins.otherLayouts();
  dropped.forEach(removeTree);
  return { features, pods, dropped };
}

/** Where nothing was loaded before and not all can be, nothing is loaded after; else what there was redirects on. */
function loadOrNothing(options: LoadOptions): Features {
  const first = nodeRecord(options.pins) === undefined;
  try {
    return loadNode(options);
  } catch (error) {
    if (first) unload(options.pins);
    throw error;
  }
}

/** What was taken away. */
export interface Unloaded {
  /** Whether there was anything. */
  readonly changed: boolean;
  readonly pods: number;
  /** Names of pods at whose interfaces a program stays, which does nothing without the maps' entries. */
  readonly unreachable: readonly string[];
  /** Links that the kernel lets go of: see `untilDetached`. */
  readonly links: readonly LinkInfo[];
}

/** Takes everything away, first what redirects. To be called {@linkcode alone}. */
export function unload(pins: Pins): Unloaded {
  const links: LinkInfo[] = [];
  const note = (link: LinkInfo | undefined) => link === undefined || links.push(link);
  for (const { name } of CGROUP_PROGRAMS.toReversed()) {
    note(pinnedLink(pins.link(name)));
    removeEntry(pins.link(name));
  }
  const unreachable: string[] = [];
  let pods = 0;
  using records = Records.pinned(pins);
  for (const cookie of records === undefined ? [] : podOwners(records)) {
    const request = readRequest(records!, cookie), link = podLink(pins, cookie);
    note(link);
    if (
      request !== undefined && link?.target !== 0n && pathOf(pins, cookie, request) === undefined
    ) {
      unreachable.push(request.name);
    }
    forgetPod(pins, cookie);
    pods++;
  }
  const changed = links.length > 0 || pods > 0 || records !== undefined;
  unloadNode(pins);
  return { changed, pods, unreachable, links };
}

/** What is on record about the node; undefined where nothing is. */
export function nodeRecord(pins: Pins): NodeRecord | undefined {
  using records = Records.pinned(pins);
  const text = records?.get(NODE_OWNER);
  return text === undefined ? undefined : JSON.parse(text) as NodeRecord;
}
