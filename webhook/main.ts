/**
 * kuma-webhook: the admission server that injects sidecars into pods.
 *
 * Its limits: it hooks the creation of pods only, and it needs an API server that can reach its port.
 *
 * @module
 */
import { systemIo } from "core/program/io.ts";
import { runProgram } from "core/program/program.ts";
import { VARIABLES } from "./environment.ts";
import { KUMA_WEBHOOK } from "./program.ts";

Deno.exitCode = await runProgram(KUMA_WEBHOOK, Deno.args, systemIo(VARIABLES));
