/**
 * What is there, read from the kernel: programs, maps, pods and their counters.
 *
 * @module
 */
import { decodeCounters, emptyCounters } from "core/bpf/counters.ts";
import { cookieKey } from "core/bpf/entries.ts";
import {
  CGROUP_PROGRAMS,
  LAYOUT_VERSION,
  NODE_MAPS,
  POD,
  POD_ADDRESS,
  POD_GENERATION,
  POD_PORT,
} from "core/bpf/layout.ts";
import { podWords } from "core/bpf/words.ts";
import { interfaceIndex } from "../interfaces.ts";
import { attachedClassifier } from "./classifier.ts";
import { pinnedLink } from "./links.ts";
import { BpfMap } from "./map.ts";
import { inspectNetns, withinNetns } from "./netns_view.ts";
import { type NodeRecord, nodeRecord } from "./node.ts";
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

/** Looks at everything; changes nothing. Nothing loaded is a status, too. */
export function status(pins: Pins): NodeStatus {
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
      const needed = node !== undefined && (name !== "events" || node.features.ringBuffer);
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
  return podOwners(records).map((netns) => podStatus(pins, { records, maps, netns }));
}

function podStatus(
  pins: Pins,
  { records, maps, netns }: { records: Records; maps: SharedMaps; netns: bigint },
): PodStatus {
  const request = readRequest(records, netns);
  const link = podLink(pins, netns);
  const path = request === undefined ? undefined : pathOf(pins, netns, request);
  const value = maps.find("pods")?.get(cookieKey(netns));
  const interfaces = path === undefined ? new Map<string, boolean>() : interfacesOf(path);
  return {
    netns,
    name: request?.name ?? `namespace ${netns}`,
    path,
    configuration: value === undefined ? [] : configurationOf(maps, netns, value),
    counters: new Map([...countersOf(maps, netns)].filter(([, count]) => count > 0n)),
    interfaces,
    problems: [
      ...(value === undefined ? ["it has no entry: nothing is redirected"] : []),
      ...(hasGone(link) ? ["its network namespace has gone"] : []),
      ...(path === undefined && !hasGone(link) ? ["its network namespace cannot be reached"] : []),
      ...[...interfaces].filter(([, attached]) => !attached)
        .map(([name]) => `nothing is attached to its interface ${name}`),
    ],
  };
}

function interfacesOf(path: string): Map<string, boolean> {
  const { interfaces } = inspectNetns(path);
  return withinNetns(
    path,
    () =>
      new Map(
        interfaces.map(({ name }) =>
          [name, attachedClassifier(interfaceIndex(name)) !== undefined] as const
        ),
      ),
  );
}

function configurationOf(maps: SharedMaps, netns: bigint, value: Uint8Array): string[] {
  const pod = POD.decode(value);
  const of = (name: "pod_ports" | "pod_addresses", owner: (key: Uint8Array) => bigint) => {
    const map = maps.find(name);
    return (map?.keys() ?? []).filter((key) => owner(key) === netns)
      .map((key) => [key, new Uint32Array(map?.get(key)?.buffer ?? [0])[0] ?? 0] as const);
  };
  return podWords(pod, {
    ports: of("pod_ports", (key) => POD_PORT.decode(key).netns),
    addresses: of("pod_addresses", (key) => POD_ADDRESS.decode(key).netns),
    uidRules: maps.find("pod_uid_rules")
      ?.get(POD_GENERATION.encode({ netns, generation: pod.generation, zero: 0 })),
  });
}

function countersOf(maps: SharedMaps, netns: bigint): ReadonlyMap<string, bigint> {
  const value = maps.find("pod_counters")
    ?.get(cookieKey(netns), emptyCounters(processors()).length);
  return value === undefined ? new Map() : decodeCounters(value);
}
