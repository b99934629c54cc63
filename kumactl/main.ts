/**
 * kumactl: makes a Linux host transparent to Kuma's data plane proxy, and takes it back.
 *
 * @module
 */
import { run } from "./run.ts";

Deno.exit(await run([...Deno.args]));
