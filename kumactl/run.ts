/**
 * kumactl as a function of its arguments.
 *
 * @module
 */
import { endProcess } from "core/host/end_process.ts";
import { systemIo } from "core/program/io.ts";
import { LOCALE_VARIABLES } from "core/program/locale.ts";
import { runProgram } from "core/program/program.ts";
import { CLUSTER_VARIABLES } from "core/kube/variables.ts";
import { ENVIRONMENT_NAMES } from "core/proxy/sources.ts";
import { KUMACTL } from "./program.ts";

/** Runs it with the process's own streams and variables; gives the exit code. */
export function run(args: string[]): Promise<number> {
  const names = [...ENVIRONMENT_NAMES, ...LOCALE_VARIABLES, ...CLUSTER_VARIABLES, "HOME"];
  return runProgram(KUMACTL, args, systemIo(names));
}

/** Ends the process with that code. */
export function end(code: number): never {
  endProcess(code);
}
