/**
 * The commands of kuma-ebpf-loader as data: what help, completion and the parser know of them.
 *
 * @module
 */
import type { CommandDefinition, FlagDefinition } from "core/program/command.ts";
import { completionDefinition } from "core/program/completion_command.ts";
import { outputFlag } from "core/program/output.ts";
import { LOG_FLAGS, operationsFlags } from "core/program/serve_flags.ts";
import { versionDefinition } from "core/program/version_command.ts";

const BPFFS_FLAG: FlagDefinition = {
  name: "bpffs-path",
  bool: false,
  placeholder: "path",
  path: true,
  defaultText: "/sys/fs/bpf",
  help: "the node's BPF file system, in which programs and maps are pinned",
};

/** What is needed to load. */
const LOAD_FLAGS: readonly FlagDefinition[] = [
  BPFFS_FLAG,
  {
    name: "cgroup-path",
    bool: false,
    placeholder: "path",
    path: true,
    defaultText: "/sys/fs/cgroup",
    help: "the node's control groups of version 2, or a folder above their mount; programs see " +
      "the sockets that are made in that group and below",
  },
  { name: "mount-bpffs", bool: true, help: "mount a BPF file system there where none is" },
  {
    name: "accelerate",
    bool: true,
    help: "join the sockets of application and sidecar, for pods that ask for it",
  },
];

const NETNS_FLAG: FlagDefinition = {
  name: "netns",
  bool: false,
  completes: "netns",
  placeholder: "path",
  path: true,
  required: true,
  help: "the pod's network namespace: /run/netns/NAME, /proc/PID/ns/net",
};

/** Every command, in the order of help. */
export const COMMANDS = {
  "run": {
    summary: "load, watch and report until SIGTERM, as a DaemonSet",
    description:
      "Loads the programs, puts right what somebody takes away, forgets pods that have " +
      "gone, writes events to standard output and serves /healthz, /readyz and /metrics. When it " +
      "ends, programs stay attached and redirect on, unless it is told otherwise.",
    flags: [
      ...LOAD_FLAGS,
      {
        name: "detach-on-exit",
        bool: true,
        help: "take everything away at SIGTERM, as 'unload' does",
      },
      {
        name: "events-per-second",
        bool: false,
        placeholder: "number",
        defaultText: "100",
        help: "most events that are written; errors are always written",
      },
      ...operationsFlags(8001),
      ...LOG_FLAGS,
    ],
    examples: [{
      does: "in a container that has the node's file systems at their own paths",
      command: "kuma-ebpf-loader run --log-level debug",
    }],
  },
  "load": {
    summary: "attach the programs, in place of former ones, and end",
    description:
      "Attaches the programs to the node's control groups; they leave everything alone " +
      "but pods that were added. Former programs are replaced without a gap, and pods are taken over.",
    flags: [...LOAD_FLAGS, outputFlag()],
    schema: "kuma.io/kuma-ebpf-loader-load/v1",
    examples: [{
      does: "on a node without a BPF file system",
      command: "kuma-ebpf-loader load --mount-bpffs",
    }],
  },
  "unload": {
    summary: "take all programs, maps and pins away",
    flags: [BPFFS_FLAG, outputFlag()],
    schema: "kuma.io/kuma-ebpf-loader-unload/v1",
    examples: [{ does: "on this node", command: "kuma-ebpf-loader unload" }],
  },
  "status": {
    summary: "show what is attached, the pods and their counters",
    flags: [BPFFS_FLAG, outputFlag()],
    schema: "kuma.io/kuma-ebpf-loader-status/v1",
    examples: [{
      does: "pods that something is wrong with",
      command: "kuma-ebpf-loader status -o json | jq '.pods[] | select(.problems != [])'",
    }],
  },
  "check": {
    summary: "say what this node lacks for the programs",
    flags: [...LOAD_FLAGS.filter(({ name }) => name !== "accelerate"), outputFlag()],
    schema: "kuma.io/kuma-ebpf-loader-check/v1",
    examples: [{ does: "on this node", command: "kuma-ebpf-loader check" }],
  },
  "pod add": {
    summary: "redirect the connections of a network namespace",
    description:
      "Puts the configuration in force for connections that begin from now on. Running it " +
      "again puts another one in force. It is that of 'kumactl install transparent-proxy'.",
    flags: [
      NETNS_FLAG,
      {
        name: "name",
        bool: false,
        placeholder: "name",
        help: "how logs, metrics and status call it: namespace/name; the path where not given",
      },
      {
        name: "config",
        bool: false,
        placeholder: "document",
        help: "config document of the transparent proxy (YAML or JSON), inline",
      },
      {
        name: "config-file",
        bool: false,
        placeholder: "path",
        path: true,
        help: "path of the config document, '-' for standard input; wins over --config",
      },
      {
        name: "events",
        bool: false,
        placeholder: "verdicts",
        help: "events to report, with commas: all, or outbound, inbound, dns, …; errors always are",
      },
      {
        name: "accelerate",
        bool: true,
        help: "join its sockets, where the programs were loaded with this flag",
      },
      BPFFS_FLAG,
      outputFlag(),
    ],
    schema: "kuma.io/kuma-ebpf-loader-pod-add/v1",
    examples: [{
      does: "leave port 22 alone, and report what is redirected",
      command: "kuma-ebpf-loader pod add --netns /run/netns/demo --events outbound,inbound " +
        "--config '{redirect: {inbound: {excludePorts: [22]}}}'",
    }],
  },
  "pod remove": {
    summary: "leave the connections of a network namespace alone",
    flags: [
      { ...NETNS_FLAG, required: false },
      {
        name: "name",
        bool: false,
        placeholder: "name",
        help: "as it was added; for a namespace that cannot be reached any more",
      },
      BPFFS_FLAG,
      outputFlag(),
    ],
    schema: "kuma.io/kuma-ebpf-loader-pod-remove/v1",
    examples: [{
      does: "by its namespace",
      command: "kuma-ebpf-loader pod remove --netns /run/netns/demo",
    }],
  },
  "completion": completionDefinition("kuma-ebpf-loader"),
  "version": versionDefinition("kuma-ebpf-loader"),
} satisfies Readonly<Record<string, CommandDefinition>>;

/** The words that name a command. */
export type CommandName = keyof typeof COMMANDS;
