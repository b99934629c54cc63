/**
 * The process that looks after one throw-away cluster: it starts etcd and kube-apiserver, and ends
 * them when the test process that owns the cluster asks or dies, however it dies. It is a process of
 * its own because a test process that is killed can clean up nothing, and because Deno runs each test
 * file in a worker of its own, none of which may own what they share.
 *
 * Run as `deno run -A supervisor.ts FOLDER`.
 *
 * @module
 */
import { processStart } from "../support/processes.ts";
import {
  type ClusterPids,
  readLine,
  type SupervisorAnswer,
  type SupervisorSpec,
  type SupervisorState,
  writeLine,
} from "./protocol.ts";
import { startEtcd, startKubeApiServer } from "./start.ts";
import { files } from "./servers.ts";

const OWNER_CHECK_MS = 250;

if (import.meta.main) {
  const dir = Deno.args[0];
  if (dir === undefined) throw new TypeError("Cannot start: the cluster's folder is missing");
  await supervise(dir);
}

async function supervise(dir: string): Promise<void> {
  const spec: SupervisorSpec = JSON.parse(Deno.readTextFileSync(files(dir).spec));
  const watch = setInterval(() => {
    if (processStart(spec.ownerPid) !== spec.ownerStart) end(dir, etcd, apiServer);
  }, OWNER_CHECK_MS);
  Deno.addSignalListener("SIGTERM", () => end(dir, etcd, apiServer));
  let etcd: Deno.ChildProcess | undefined;
  let apiServer: Deno.ChildProcess | undefined;
  let port: number;
  try {
    etcd = startEtcd(dir, spec);
    ({ port, child: apiServer } = await startKubeApiServer(dir, spec));
  } catch (error) {
    clearInterval(watch);
    writeState(dir, { error: error instanceof Error ? error.message : String(error) });
    etcd?.kill("SIGKILL");
    Deno.exit(1);
  }
  const listener = Deno.listen({ transport: "unix", path: files(dir).control });
  writeState(dir, { port, supervisorPid: Deno.pid });

  const pids = (): ClusterPids => ({
    supervisor: Deno.pid,
    etcd: etcd.pid,
    ...(apiServer === undefined ? {} : { apiServer: apiServer.pid }),
  });
  const stopApiServer = async () => {
    apiServer?.kill("SIGKILL");
    await apiServer?.status;
    apiServer = undefined;
  };
  for await (const connection of listener) {
    const answer = await answerTo(async () => {
      const name = JSON.parse(await readLine(connection));
      if (name === "stop-apiserver" || name === "stop") await stopApiServer();
      if (name === "start-apiserver") {
        await stopApiServer();
        apiServer = (await startKubeApiServer(dir, spec, port)).child;
      }
      const answered = pids();
      if (name === "stop") {
        clearInterval(watch);
        etcd.kill("SIGKILL");
        await etcd.status;
        Deno.removeSync(dir, { recursive: true });
      }
      return { pids: answered, last: name === "stop" };
    });
    await tell(connection, answer);
    if ("last" in answer && answer.last) Deno.exit(0);
  }
}

type Answer = SupervisorAnswer & { last?: boolean };

async function answerTo(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** A test that asked and died gets no answer; the owner check deals with it. */
async function tell(connection: Deno.Conn, answer: SupervisorAnswer): Promise<void> {
  try {
    await writeLine(connection, answer);
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  } finally {
    connection.close();
  }
}

/** Ends everything at once and removes every trace. */
function end(dir: string, ...children: (Deno.ChildProcess | undefined)[]): never {
  for (const child of children) {
    try {
      child?.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it had ended already
    }
  }
  // etcd may still be writing: what it adds to a folder that is being removed makes that fail.
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      Deno.removeSync(dir, { recursive: true });
      break;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) break;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 25);
    }
  }
  Deno.exit(0);
}

function writeState(dir: string, state: SupervisorState): void {
  Deno.writeTextFileSync(`${files(dir).state}.new`, JSON.stringify(state), { mode: 0o600 });
  Deno.renameSync(`${files(dir).state}.new`, files(dir).state);
}
