/**
 * Starting the two servers of a cluster and waiting until they serve; used by the supervisor.
 *
 * @module
 */
import { freePort, sleep, which } from "../support/processes.ts";
import type { SupervisorSpec } from "./protocol.ts";
import { apiServerArguments, etcdArguments, files } from "./servers.ts";

const READY_TIMEOUT_MS = 90_000;
const PORT_ATTEMPTS = 5;

/** A running kube-apiserver that has answered `/readyz` with 200. */
export interface StartedApiServer {
  port: number;
  child: Deno.ChildProcess;
}

/** Starts etcd; kube-apiserver itself waits for it to serve. */
export function startEtcd(dir: string, spec: SupervisorSpec): Deno.ChildProcess {
  return spawnTied(spec.etcd, etcdArguments(dir), "null");
}

/**
 * Starts kube-apiserver and waits until it is ready. Without a port it takes a random one, and another
 * when somebody was faster. Throws an `Error` with the end of its log when it ends or does not get ready
 * within 90 s.
 */
export async function startKubeApiServer(
  dir: string,
  spec: SupervisorSpec,
  port?: number,
): Promise<StartedApiServer> {
  for (let attempt = 1;; attempt++) {
    const chosen = port ?? freePort();
    const args = apiServerArguments(dir, chosen, spec.apiServerArgs);
    const child = spawnTied(spec.kubeApiServer, args, "piped");
    const log = await Deno.open(files(dir).apiServerLog, { append: true, create: true });
    void child.stderr.pipeTo(log.writable);
    const failure = await readyOrFailure(dir, chosen, child);
    if (failure === undefined) return { port: chosen, child };
    const tail = Deno.readTextFileSync(files(dir).apiServerLog).trim().split("\n").slice(-5);
    const taken = tail.some((line) => line.includes("address already in use"));
    if (!taken || port !== undefined || attempt === PORT_ATTEMPTS) {
      throw new Error(`kube-apiserver ${failure}: ${tail.join(" | ")}`);
    }
  }
}

/**
 * Spawns a server that the kernel kills when this process dies (setpriv(1), PR_SET_PDEATHSIG), for the
 * case that the supervisor itself is killed.
 */
function spawnTied(
  program: string,
  args: string[],
  stderr: "piped" | "null",
): Deno.ChildProcess {
  const tie = which("setpriv");
  const [command, before] = tie === undefined
    ? [program, []]
    : [tie, ["--pdeathsig", "KILL", program]];
  return new Deno.Command(command, {
    args: [...before, ...args],
    stdin: "null",
    stdout: "null",
    stderr,
  }).spawn();
}

/** Undefined once `/readyz` says ok; otherwise what became of the server. */
async function readyOrFailure(
  dir: string,
  port: number,
  child: Deno.ChildProcess,
): Promise<string | undefined> {
  const at = files(dir);
  const [ca, cert, key] = [at.ca, at.adminCertificate, at.adminKey].map((path) =>
    Deno.readTextFileSync(path)
  ) as [string, string, string];
  using client = Deno.createHttpClient({ caCerts: [ca], cert, key, http2: false });
  let ended: string | undefined;
  void child.status.then((status) => ended = `ended with ${status.signal ?? status.code}`);
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (ended !== undefined) return ended;
    if (await isReady(port, client)) return undefined;
    await sleep(50);
  }
  child.kill("SIGKILL");
  await child.status;
  return `was not ready after ${READY_TIMEOUT_MS / 1000} s`;
}

async function isReady(port: number, client: Deno.HttpClient): Promise<boolean> {
  try {
    const answer = await fetch(`https://127.0.0.1:${port}/readyz`, {
      client,
      signal: AbortSignal.timeout(5000),
    });
    await answer.body?.cancel();
    return answer.ok;
  } catch (error) {
    // Refused while it starts, reset while it ends, timed out while it is busy: ask again.
    if (error instanceof TypeError || error instanceof DOMException) return false;
    throw error;
  }
}
