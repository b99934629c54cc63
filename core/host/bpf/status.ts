/**
 * What is there, read from the kernel: programs, maps, pods and their counters.
 *
 * @module
 */
import { requireTrustedFolder } from "../trusted_file.ts";
import { addressText, mappedAddress } from "core/bpf/address.ts";
import { decodeCounters, emptyCounters } from "core/bpf/counters.ts";
import { cookieKey } from "core/bpf/entries.ts";
import {
  ADDRESS_FLAGS,
  CGROUP_PROGRAMS,
  LAYOUT_VERSION,
  NODE_MAPS,
  POD,
  POD_ADDRESS,
  POD_FLAGS,
  POD_GENERATION,
  POD_PORT,
} from "core/bpf/layout.ts";
import { type PodValue, podWords } from "core/bpf/words.ts";
import { attachedClassifier } from "./classifier.ts";
import { pinnedLink } from "./links.ts";
import { BpfMap } from "./map.ts";
import { inspectNetns, type NetnsView, withinNetns } from "./netns_view.ts";
import { type NodeRecord, nodeRecord } from "./node.ts";
import { missingMaps } from "./node_programs.ts";
import type { Pins } from "./pins.ts";
import { processors, SharedMaps } from "./pod_programs.ts";
import { hasGone, pathOf, podLink, podOwners, readRequest } from "./pods.ts";
import { Records } from "./records.ts";

/** One program of the node. */
export interface ProgramStatus {
  readonly name: string;
  /** Id of the program that is attached; undefined where none is. */
  readonly programId: number | undefined;
}

/** One pod. */
export interface PodStatus {
  readonly netns: bigint;
  readonly name: string;
  /** Path of its namespace; undefined where it is gone or cannot be reached. */
  readonly path: string | undefined;
  /** What its entries say, a line each; empty where it has none. */
  readonly configuration: readonly string[];
  /** Connections by verdict; those that were never seen left out. */
  readonly counters: ReadonlyMap<string, bigint>;
  /** Interfaces by whether our program is at their ingress. */
  readonly interfaces: ReadonlyMap<string, boolean>;
  /** What is not as it should be, in words. */
  readonly problems: readonly string[];
}

/** The whole node. */
export interface NodeStatus {
  readonly layout: number;
  readonly node: NodeRecord | undefined;
  readonly programs: readonly ProgramStatus[];
  /** Entries of each map that has such, by name. */
  readonly maps: ReadonlyMap<string, { readonly entries: number; readonly most: number }>;
  readonly pods: readonly PodStatus[];
  /** What is not as it should be on the node, in words; the pods' own aside. */
  readonly problems: readonly string[];
}

/** Socket storage and rings have no keys to count. */
const COUNTED = new Set(["pods", "pod_ports", "pod_addresses", "pod_uid_rules", "connecting"]);

/**
 * Looks at everything; changes nothing. Nothing loaded is a status, too.
 *
 * @throws {KumaError} `KUMA-HOST-131` where others than root can have put there what is found.
 */
export function status(pins: Pins): NodeStatus {
  requireTrustedFolder(pins.root);
  const node = nodeRecord(pins);
  const programs = CGROUP_PROGRAMS.map(({ name, optional }) => ({
    name,
    optional,
    link: pinnedLink(pins.link(name)),
  })).filter(({ optional, link }) => !optional || link !== undefined || node?.features.peerNames);
  const problems = node === undefined ? [] : [
    ...programs.flatMap(({ name, link }) =>
      link === undefined
        ? [`the program ${name} is not attached`]
        : hasGone(link)
        ? [`the cgroup of the program ${name} has gone`]
        : []
    ),
    ...pins.otherLayouts().map((path) => `${path} is of another version`),
  ];
  const maps = new Map<string, { entries: number; most: number }>();
  for (const name of NODE_MAPS) {
    using map = BpfMap.pinned(pins.map(name));
    if (map === undefined) {
      const needed = node !== undefined && !missingMaps(node.features).has(name);
      if (needed) problems.push(`the map ${name} is not there`);
    } else if (COUNTED.has(name)) {
      maps.set(name, { entries: map.keys().length, most: map.maxEntries });
    }
  }
  return {
    layout: LAYOUT_VERSION,
    node,
    programs: programs.map(({ name, link }) => ({ name, programId: link?.programId })),
    maps,
    pods: podsStatus(pins),
    problems,
  };
}

/** Counters of every pod on record. */
export function podCounters(
  pins: Pins,
): { readonly name: string; readonly counters: ReadonlyMap<string, bigint> }[] {
  using records = Records.pinned(pins);
  if (records === undefined) return [];
  using maps = new SharedMaps(pins, true);
  return podOwners(records).map((netns) => ({
    name: readRequest(records, netns)?.name ?? `namespace ${netns}`,
    counters: countersOf(maps, netns),
  }));
}

function podsStatus(pins: Pins): PodStatus[] {
  using records = Records.pinned(pins);
  if (records === undefined) return [];
  using maps = new SharedMaps(pins, true);
  const entries = entriesByOwner(maps);
  return podOwners(records).map((netns) => podStatus(pins, { records, maps, entries, netns }));
}

type Entries = readonly (readonly [key: Uint8Array, flags: number])[];

/** All entries of the lists, read once. */
interface Lists {
  readonly ports: ReadonlyMap<bigint, Entries>;
  readonly addresses: ReadonlyMap<bigint, Entries>;
}

function entriesByOwner(maps: SharedMaps): Lists {
  const read = (name: "pod_ports" | "pod_addresses", owner: (key: Uint8Array) => bigint) => {
    const map = maps.find(name);
    const entries = (map?.keys() ?? [])
      .map((key) => [key, new Uint32Array(map?.get(key)?.buffer ?? [0])[0] ?? 0] as const);
    return Map.groupBy(entries, ([key]) => owner(key));
  };
  return {
    ports: read("pod_ports", (key) => POD_PORT.decode(key).netns),
    addresses: read("pod_addresses", (key) => POD_ADDRESS.decode(key).netns),
  };
}

function podStatus(
  pins: Pins,
  { records, maps, entries, netns }: {
    readonly records: Records;
    readonly maps: SharedMaps;
    readonly entries: Lists;
    readonly netns: bigint;
  },
): PodStatus {
  const request = readRequest(records, netns);
  const gone = hasGone(podLink(pins, netns));
  const path = request === undefined ? undefined : pathOf(pins, netns, request);
  const value = maps.find("pods")?.get(cookieKey(netns));
  const found = {
    ports: entries.ports.get(netns) ?? [],
    addresses: entries.addresses.get(netns) ?? [],
  };
  const around = path === undefined ? undefined : lookAround(path);
  const interfaces = around?.interfaces ?? new Map<string, boolean>();
  return {
    netns,
    name: request?.name ?? `namespace ${netns}`,
    path,
    configuration: value === undefined ? [] : configurationOf(maps, { netns, value, ...found }),
    counters: new Map([...countersOf(maps, netns)].filter(([, count]) => count > 0n)),
    interfaces,
    problems: [
      ...(value === undefined ? ["it has no entry: nothing is redirected"] : []),
      ...(gone ? ["its network namespace has gone"] : []),
      ...(path === undefined && !gone ? ["its network namespace cannot be reached"] : []),
      ...[...interfaces].filter(([, attached]) => !attached)
        .map(([name]) => `nothing is attached to its interface ${name}`),
      ...(value === undefined || around === undefined
        ? []
        : changes(POD.decode(value), found.addresses, around.view)),
    ],
  };
}

/** What of the namespace is other than its entries say. */
function changes(pod: PodValue, addresses: Entries, view: NetnsView): string[] {
  const own = addresses.filter(([key, flags]) =>
    (flags & ADDRESS_FLAGS.ADDRESS_OWN) !== 0 &&
    POD_ADDRESS.decode(key).generation === pod.generation
  ).map(([key]) => addressText(POD_ADDRESS.decode(key).address));
  const now = new Set(view.addresses.map((address) => addressText(mappedAddress(address))));
  const same = own.length === now.size && own.every((address) => now.has(address));
  const forwards = (pod.flags & POD_FLAGS.POD_FORWARDS) !== 0;
  return [
    ...(same ? [] : ["its addresses have changed"]),
    ...(forwards === view.forwards ? [] : ["it has begun, or ceased, to forward packets"]),
  ];
}

function lookAround(path: string): { view: NetnsView; interfaces: Map<string, boolean> } {
  const view = inspectNetns(path);
  const interfaces = withinNetns(
    path,
    () =>
      new Map(
        view.interfaces.map(({ name, index }) =>
          [name, attachedClassifier(index) !== undefined] as const
        ),
      ),
  );
  return { view, interfaces };
}

function configurationOf(
  maps: SharedMaps,
  { netns, value, ports, addresses }: {
    readonly netns: bigint;
    readonly value: Uint8Array;
    readonly ports: Entries;
    readonly addresses: Entries;
  },
): string[] {
  const pod = POD.decode(value);
  const key = POD_GENERATION.encode({ netns, generation: pod.generation, zero: 0 });
  return podWords(pod, { ports, addresses, uidRules: maps.find("pod_uid_rules")?.get(key) });
}

function countersOf(maps: SharedMaps, netns: bigint): ReadonlyMap<string, bigint> {
  const value = maps.find("pod_counters")
    ?.get(cookieKey(netns), emptyCounters(processors()).length);
  return value === undefined ? new Map() : decodeCounters(value);
}
