/**
 * kuma-ebpf-loader as data: its commands, and the files that do them.
 *
 * @module
 */
import { completionHandler } from "core/program/completion_command.ts";
import type { Program } from "core/program/program.ts";
import { versionHandler } from "core/program/version_command.ts";
import { type CommandName, COMMANDS } from "./commands.ts";

/** The program, for `runProgram`. */
export const KUMA_EBPF_LOADER: Program<CommandName> = {
  name: "kuma-ebpf-loader",
  description: "Transparent proxy by BPF programs, without iptables or nftables",
  commands: COMMANDS,
  handlers: {
    "run": async () => (await import("./run_command.ts")).runCommand,
    "load": async () => (await import("./load_command.ts")).loadCommand,
    "unload": async () => (await import("./load_command.ts")).unloadCommand,
    "status": async () => (await import("./status_command.ts")).statusCommand,
    "check": async () => (await import("./load_command.ts")).checkCommand,
    "pod add": async () => (await import("./pod_commands.ts")).podAddCommand,
    "pod remove": async () => (await import("./pod_commands.ts")).podRemoveCommand,
    "completion": completionHandler("kuma-ebpf-loader", COMMANDS),
    "version": versionHandler("kuma-ebpf-loader"),
  },
  exitCodes: ["0  done", "1  failed, or something is not as it should be; the output says what"],
  groups: { pod: "add or remove a pod" },
};
