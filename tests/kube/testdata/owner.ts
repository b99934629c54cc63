/** A process that starts a cluster, says where it is, and then hangs until it is killed. */
import { sleep } from "../../support/processes.ts";
import { startApiServer } from "../apiserver.ts";

const cluster = await startApiServer();
const line = `${JSON.stringify({ dir: cluster.dir, pids: await cluster.pids() })}\n`;
await Deno.stdout.write(new TextEncoder().encode(line));
await sleep(600_000);
