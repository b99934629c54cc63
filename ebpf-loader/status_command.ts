/**
 * `kuma-ebpf-loader status`.
 *
 * @module
 */
import { type NodeStatus, type PodStatus, status } from "core/host/bpf/status.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { existingPins } from "./place.ts";

/** Shows what is there; 1 where something is not as it should be. */
export function statusCommand(parsed: ParsedCommand, io: Io): number {
  const found = status(existingPins(parsed));
  const format = parsed.choice("output", ["text", "json"]);
  io.out(format === "json" ? statusJson(found) : statusText(found));
  return found.problems.length + found.pods.flatMap(({ problems }) => problems).length > 0 ? 1 : 0;
}

/** One document; cookies and counts are texts where they might be too large for a number. */
export function statusJson(found: NodeStatus): string {
  const json = {
    ...found,
    loaded: found.node !== undefined,
    maps: Object.fromEntries(found.maps),
    pods: found.pods.map((pod) => ({
      ...pod,
      netns: `${pod.netns}`,
      counters: Object.fromEntries([...pod.counters].map(([word, count]) => [word, Number(count)])),
      interfaces: Object.fromEntries(pod.interfaces),
    })),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** The same for people. */
export function statusText(found: NodeStatus): string {
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
