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
    if (processStart(spec.ownerPid) === spec.ownerStart) return;
    clearInterval(watch);
    void end(dir, apiServer, etcd);
  }, OWNER_CHECK_MS);
  Deno.addSignalListener("SIGTERM", () => void end(dir, apiServer, etcd));
  let etcd: Deno.ChildProcess | undefined;
  let apiServer: Deno.ChildProcess | undefined;
  let port: number;
  try {
    etcd = startEtcd(dir, spec);
    ({ port, child: apiServer } = await startKubeApiServer(dir, spec));
  } catch (error) {
    clearInterval(watch);
    writeState(dir, { error: error instanceof Error ? error.message : String(error) });
    await kill(etcd);
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
    await kill(apiServer);
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
        await kill(etcd);
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
async function end(dir: string, ...children: (Deno.ChildProcess | undefined)[]): Promise<never> {
  for (const child of children) await kill(child);
  Deno.removeSync(dir, { recursive: true });
  Deno.exit(0);
}

/** Kills a server and waits for its end, so that it writes no more and is no zombie. */
async function kill(child: Deno.ChildProcess | undefined): Promise<void> {
  try {
    child?.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it had ended already
  }
  await child?.status;
}

function writeState(dir: string, state: SupervisorState): void {
  Deno.writeTextFileSync(`${files(dir).state}.new`, JSON.stringify(state), { mode: 0o600 });
  Deno.renameSync(`${files(dir).state}.new`, files(dir).state);
}
