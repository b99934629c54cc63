/**
 * install-cni: puts kuma-cni on a node, chains it, and keeps it there.
 *
 * Its limits: it restores what it changed, but not what other agents made of it meanwhile; a runtime that
 * keeps configs in memory (CRI-O, for pods that are there) may still call the plugin when they end.
 *
 * @module
 */
import { guarded } from "core/program/guarded.ts";
import { systemIo } from "core/program/io.ts";
import { installCommand } from "./install_command.ts";
import { INSTALL_CNI } from "./install_program.ts";
import { RUN_IN_ROOT, runInRoot } from "./program/prove.ts";
import { VARIABLES } from "./settings/settings_table.ts";

const [command, root, program] = Deno.args;
const io = systemIo(Object.keys(VARIABLES));

Deno.exit(
  await guarded(INSTALL_CNI, io, async () => {
    // As the DaemonSet runs it: for months, without what parses a command line.
    if (command === undefined) return await installCommand(io);
    // Not for people: this process becomes the plugin in the host's root, to see whether it runs there.
    if (command === RUN_IN_ROOT) return runInRoot(root ?? "", program ?? "");
    const { runProgram } = await import("core/program/program.ts");
    return await runProgram(INSTALL_CNI, Deno.args, io);
  }),
);
