/**
 * kuma-controller as data: its commands, and the files that do them.
 *
 * @module
 */
import { completionHandler } from "core/program/completion_command.ts";
import type { Program } from "core/program/program.ts";
import { versionHandler } from "core/program/version_command.ts";
import { type CommandName, COMMANDS } from "./commands.ts";

/** The program, for `runProgram`. */
export const KUMA_CONTROLLER: Program<CommandName> = {
  name: "kuma-controller",
  description: "Control loops of the mesh: node taints, Dataplanes, NetworkAttachmentDefinitions",
  commands: COMMANDS,
  handlers: {
    serve: async () => (await import("./serve_command.ts")).serveCommand,
    completion: completionHandler("kuma-controller", COMMANDS),
    version: versionHandler("kuma-controller"),
  },
  otherwise: "serve",
  exitCodes: ["0  done, or told to end", "1  failed; standard error says why"],
};
