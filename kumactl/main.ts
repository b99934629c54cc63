/**
 * kumactl: makes a Linux host transparent to Kuma's data plane proxy, and takes it back.
 *
 * @module
 */
import { systemIo } from "core/program/io.ts";
import { LOCALE_VARIABLES } from "core/program/locale.ts";
import { runProgram } from "core/program/program.ts";
import { CLUSTER_VARIABLES } from "core/kube/variables.ts";
import { ENVIRONMENT_NAMES } from "core/proxy/sources.ts";
import { KUMACTL } from "./program.ts";

Deno.exit(
  await runProgram(
    KUMACTL,
    Deno.args,
    systemIo([...ENVIRONMENT_NAMES, ...LOCALE_VARIABLES, ...CLUSTER_VARIABLES, "HOME"]),
  ),
);
