/**
 * kuma-webhook as data: its commands, and the files that do them.
 *
 * @module
 */
import { completionHandler } from "core/program/completion_command.ts";
import type { Program } from "core/program/program.ts";
import { versionHandler } from "core/program/version_command.ts";
import { type CommandName, COMMANDS } from "./commands.ts";

/** The program, for `runProgram`. */
export const KUMA_WEBHOOK: Program<CommandName> = {
  name: "kuma-webhook",
  description:
    "Admission server: injects sidecars, applies ContainerPatches, validates Kuma's resources",
  commands: COMMANDS,
  handlers: {
    serve: async () => (await import("./serve_command.ts")).serveCommand,
    explain: async () => (await import("./explain/command.ts")).explainCommand,
    manifests: async () => (await import("./install/command.ts")).manifestsCommand,
    completion: completionHandler("kuma-webhook", COMMANDS),
    version: versionHandler("kuma-webhook"),
  },
  otherwise: "serve",
  exitCodes: ["0  done, or told to end", "1  failed; standard error says why"],
};
