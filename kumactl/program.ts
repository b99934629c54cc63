/**
 * kumactl as data: its commands, and the files that do them.
 *
 * @module
 */
import type { Program } from "core/program/program.ts";
import { versionHandler } from "core/program/version_command.ts";
import { type CommandName, COMMANDS } from "./commands.ts";
import { exitCodeOf } from "./exit_code.ts";
import { refuseKumasCommands } from "./kuma_commands.ts";

/** The program, for `runProgram`. */
export const KUMACTL: Program<CommandName> = {
  name: "kumactl",
  description: "Makes a Linux host transparent to Kuma's data plane proxy",
  commands: COMMANDS,
  handlers: {
    "install transparent-proxy": async () =>
      (await import("./install_transparent_proxy.ts")).installTransparentProxyCommand,
    "install transparent-proxy-validator": async () =>
      (await import("./install_validator.ts")).installValidatorCommand,
    "install control-plane": async () =>
      (await import("./control_plane/install.ts")).installControlPlaneCommand,
    "uninstall transparent-proxy": async () =>
      (await import("./uninstall_transparent_proxy.ts")).uninstallTransparentProxyCommand,
    "uninstall control-plane": async () =>
      (await import("./control_plane/uninstall.ts")).uninstallControlPlaneCommand,
    "status transparent-proxy": async () =>
      (await import("./status_transparent_proxy.ts")).statusTransparentProxyCommand,
    "check": async () => (await import("./check.ts")).checkCommand,
    "explain": async () => (await import("./explain.ts")).explainCommand,
    "explain pod": async () => (await import("./explain_pod.ts")).explainPodCommand,
    "explain packet": async () => (await import("./explain_packet.ts")).explainPacketCommand,
    "completion": async () => (await import("./completion.ts")).completionCommand,
    "version": versionHandler("kumactl"),
  },
  exitCode: (_, words) => exitCodeOf(words),
  exitCodes: [
    "0  done, or nothing to do (also where IPv6 was left out: the host has none)",
    "1  failed; standard error says why and, with 'Hint:', what to do;",
    "   'kumactl explain CODE' says more",
  ],
  groups: {
    install: "put something in place",
    uninstall: "take something out again",
    status: "look at what is in place",
  },
  // What Kuma's own kumactl needs to find a control plane.
  ignoredFlags: new Map([
    ["log-level", true],
    ["api-timeout", true],
    ["no-config", false],
    ["config-file", true],
  ]),
  ignoresWords: true,
  screen: refuseKumasCommands,
};
