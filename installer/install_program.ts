/**
 * install-cni as data: its commands, and the files that do them.
 *
 * @module
 */
import type { Program } from "core/program/program.ts";
import { UsageError } from "core/program/usage_error.ts";
import { versionHandler } from "core/program/version_command.ts";
import { VariableError } from "core/settings/variables.ts";
import { type CommandName, COMMANDS } from "./commands.ts";
import { EXIT, installCommand } from "./install_command.ts";
import { VARIABLES } from "./settings/settings_table.ts";

/** Kuma 2.9 has an exit code of its own for it. */
const LEVEL_VARIABLE: keyof typeof VARIABLES = "CNI_LOG_LEVEL";

/** The program, for `runProgram`. */
export const INSTALL_CNI: Program<CommandName> = {
  name: "install-cni",
  description: "Puts kuma-cni on this node, chains it, and keeps it there",
  commands: COMMANDS,
  handlers: {
    "install": () => Promise.resolve((_parsed, io) => installCommand(io)),
    "check": async () => (await import("./check_command.ts")).checkCommand,
    "log-level": async () => (await import("./log_level_command.ts")).logLevelCommand,
    "version": versionHandler("install-cni"),
  },
  otherwise: "install",
  exitCodes: [
    "0  done, or told to end",
    "1  a wrong variable, or check or log-level failed; standard error says why",
    "2  a wrong CNI_LOG_LEVEL",
    "3  the plugin could not be installed; the log says why",
    "64 a wrong command line",
  ],
  exitCode: (thrown) => {
    const ofLevel = thrown instanceof VariableError && thrown.variable === LEVEL_VARIABLE;
    if (ofLevel) return EXIT.logLevel;
    return thrown instanceof UsageError ? EXIT.usage : EXIT.settings;
  },
  variables: VARIABLES,
};
