/**
 * kuma-controller: keeps nodes, Dataplanes and NetworkAttachmentDefinitions as the mesh needs them.
 *
 * Its limits: it writes nothing that Kuma's control plane writes beside it unless told so, and it knows the
 * cluster by its own informers alone.
 *
 * @module
 */
import { systemIo } from "core/program/io.ts";
import { runProgram } from "core/program/program.ts";
import { VARIABLES } from "./environment.ts";
import { KUMA_CONTROLLER } from "./program.ts";

Deno.exit(await runProgram(KUMA_CONTROLLER, Deno.args, systemIo(VARIABLES)));
