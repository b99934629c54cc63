/**
 * kumactl: makes a Linux host transparent to Kuma's data plane proxy, and takes it back.
 *
 * @module
 */
import { systemIo } from "./io.ts";
import { runKumactl } from "./program.ts";

Deno.exit(await runKumactl(Deno.args, systemIo()));
