/**
 * What kuma-cni is for a person, as data. A container runtime starts it with CNI_COMMAND set, and none of this is loaded.
 *
 * @module
 */
import type { CommandDefinition } from "core/program/command.ts";
import type { Program } from "core/program/program.ts";
import { versionDefinition, versionHandler } from "core/program/version_command.ts";

const COMMANDS = {
  "version": versionDefinition("kuma-cni"),
} satisfies Readonly<Record<string, CommandDefinition>>;

/** The program, for `runProgram`. */
export const KUMA_CNI: Program<keyof typeof COMMANDS> = {
  name: "kuma-cni",
  description: "CNI plugin of Kuma's transparent proxy; container runtimes start it",
  commands: COMMANDS,
  handlers: { "version": versionHandler("kuma-cni") },
  exitCodes: ["0  done", "1  failed; standard error says why"],
};
