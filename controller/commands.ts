/**
 * The commands of kuma-controller as data: what help, completion and the parser know of them.
 *
 * @module
 */
import type { CommandDefinition } from "core/program/command.ts";
import { completionDefinition } from "core/program/completion_command.ts";
import { CONFIG_FILE_FLAG, LOG_FLAGS, operationsFlags } from "core/program/serve_flags.ts";
import { versionDefinition } from "core/program/version_command.ts";

/** Every command, in the order of help. */
export const COMMANDS = {
  "serve": {
    summary: "run until SIGTERM; what runs where no command is named",
    flags: [
      CONFIG_FILE_FLAG,
      ...operationsFlags(8080),
      ...LOG_FLAGS,
    ],
    examples: [{ does: "on another port", command: "kuma-controller serve --port 8081" }],
  },
  "completion": completionDefinition("kuma-controller"),
  "version": versionDefinition("kuma-controller"),
} satisfies Readonly<Record<string, CommandDefinition>>;

/** The words that name a command. */
export type CommandName = keyof typeof COMMANDS;
