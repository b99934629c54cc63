/**
 * `kuma-ebpf-loader status`.
 *
 * @module
 */
import type { NodeRecord } from "core/host/bpf/node.ts";
import {
  type NodeStatus,
  type PodStatus,
  type ProgramStatus,
  status,
} from "core/host/bpf/status.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { type Document, FORMATS, printDocument } from "core/program/output.ts";
import { existingPins } from "./place.ts";

/** What `status -o json` prints. */
export interface StatusDocument
  extends Document, Omit<NodeStatus, "maps" | "pods" | "programs" | "node"> {
  readonly schema: "kuma.io/kuma-ebpf-loader-status/v1";
  /** Whether programs are loaded. */
  readonly loaded: boolean;
  /** How they were loaded; absent where they are not. */
  readonly node: NodeRecord | undefined;
  readonly programs: readonly ProgramStatus[];
  /** Entries of each map that has such, and how many it can hold. */
  readonly maps: Readonly<Record<string, { readonly entries: number; readonly most: number }>>;
  readonly pods: readonly PodDocument[];
}

/** One pod. */
export interface PodDocument extends Omit<PodStatus, "netns" | "counters" | "interfaces"> {
  /** Cookie of its network namespace, decimal: it may be too large for a number. */
  readonly netns: string;
  /** Connections by verdict; those that were never seen left out. */
  readonly counters: Readonly<Record<string, number>>;
  /** Interfaces by whether our program is at their ingress. */
  readonly interfaces: Readonly<Record<string, boolean>>;
}

/** Shows what is there; 1 where something is not as it should be. */
export async function statusCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const format = parsed.choice("output", FORMATS);
  const found = status(existingPins(parsed));
  if (format === "text") io.out(statusText(found));
  else await printDocument(io, format, statusDocument(found));
  return found.problems.length + found.pods.flatMap(({ problems }) => problems).length > 0 ? 1 : 0;
}

function statusDocument(found: NodeStatus): StatusDocument {
  return {
    schema: "kuma.io/kuma-ebpf-loader-status/v1",
    ...found,
    loaded: found.node !== undefined,
    maps: Object.fromEntries(found.maps),
    programs: found.programs.map(({ name, programId }) => ({ name, programId })),
    pods: found.pods.map((pod) => ({
      ...pod,
      netns: `${pod.netns}`,
      counters: Object.fromEntries([...pod.counters].map(([word, count]) => [word, Number(count)])),
      interfaces: Object.fromEntries(pod.interfaces),
    })),
  };
}

/** The same for people. */
function statusText(found: NodeStatus): string {
  const { node, programs, maps, pods, problems } = found;
  const lines = node === undefined ? ["Nothing is loaded."] : [
    `Loaded by kuma-ebpf-loader ${node.version}, maps of version ${found.layout}`,
    `Attached to ${node.cgroup}:`,
    ...programs.map(({ name, programId }) =>
      `  ${name.padEnd(14)}${programId === undefined ? "not attached" : `program ${programId}`}`
    ),
    `  sockets of application and sidecar are ${
      node.accelerate ? "joined on request" : "not joined"
    }`,
    `  events: ${node.features.ringBuffer ? "on request" : "not by this kernel"}`,
    "Maps:",
    ...[...maps].map(([name, { entries, most }]) => `  ${name.padEnd(14)}${entries} of ${most}`),
  ];
  return [
    ...lines,
    ...problems.map((problem) => `Problem: ${problem}`),
    ...pods.flatMap(podLines),
    "",
  ].join("\n");
}

function podLines({ name, netns, path, configuration, counters, interfaces, problems }: PodStatus) {
  const attached = [...interfaces].filter(([, there]) => there).map(([one]) => one);
  return [
    `Pod ${name} (namespace cookie ${netns}${path === undefined ? "" : `, ${path}`}):`,
    ...configuration.map((line) => `  ${line}`),
    ...(attached.length > 0 ? [`  attached to ${attached.join(", ")}`] : []),
    ...(counters.size > 0
      ? [`  connections: ${[...counters].map(([word, count]) => `${word} ${count}`).join(", ")}`]
      : []),
    ...problems.map((problem) => `  Problem: ${problem}`),
  ];
}
