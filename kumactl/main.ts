/**
 * kumactl: makes a Linux host transparent to Kuma's data plane proxy, and takes it back.
 *
 * @module
 */
import { end, run } from "./run.ts";

end(await run([...Deno.args]));
