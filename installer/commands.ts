/**
 * The commands of install-cni as data: what help, completion and the parser know of them.
 *
 * @module
 */
import { LOG_LEVELS } from "core/log/levels.ts";
import type { CommandDefinition } from "core/program/command.ts";
import { outputFlag } from "core/program/output.ts";
import { versionDefinition } from "core/program/version_command.ts";

/** Every command, in the order of help. */
export const COMMANDS = {
  "install": {
    summary: "install the plugin on this node, keep it healed, and clean up at the end; " +
      "what runs where no command is named",
    flags: [],
    examples: [],
  },
  "check": {
    summary: "print what would be done on this node and why; change nothing",
    flags: [outputFlag()],
    schema: "kuma.io/install-cni-check/v1",
    examples: [],
  },
  "log-level": {
    summary: "show or change the level of the installer that runs in this pod",
    flags: [outputFlag()],
    schema: "kuma.io/install-cni-log-level/v1",
    argument: { name: "level", choices: LOG_LEVELS },
    examples: [],
  },
  "version": versionDefinition("install-cni"),
} satisfies Readonly<Record<string, CommandDefinition>>;

/** The words that name a command. */
export type CommandName = keyof typeof COMMANDS;
