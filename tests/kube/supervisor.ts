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
  type SupervisorCommand,
  type SupervisorSpec,
  type SupervisorState,
  writeLine,
} from "./protocol.ts";
import { files } from "./servers.ts";
import { startEtcd, startKubeApiServer } from "./start.ts";

const OWNER_CHECK_MS = 250;

/** The two servers and what may be asked of them. */
class Servers {
  readonly etcd: Deno.ChildProcess;
  #apiServer: Deno.ChildProcess | undefined;
  #port: number | undefined;

  constructor(readonly dir: string, readonly spec: SupervisorSpec) {
    this.etcd = startEtcd(dir, spec);
  }

  get pids(): ClusterPids {
    const apiServer = this.#apiServer?.pid;
    const pids = { supervisor: Deno.pid, etcd: this.etcd.pid };
    return apiServer === undefined ? pids : { ...pids, apiServer };
  }

  /** Starts the API server, at the same port as before, and returns the port once it is ready. */
  async startApiServer(): Promise<number> {
    await this.stopApiServer();
    const { port, child } = await startKubeApiServer(this.dir, this.spec, this.#port);
    this.#apiServer = child;
    return this.#port = port;
  }

  async stopApiServer(): Promise<void> {
    await kill(this.#apiServer);
    this.#apiServer = undefined;
  }

  /** Ends both and removes every trace. */
  async end(): Promise<void> {
    await this.stopApiServer();
    await kill(this.etcd);
    Deno.removeSync(this.dir, { recursive: true });
  }
}

async function supervise(dir: string): Promise<never> {
  const spec: SupervisorSpec = JSON.parse(Deno.readTextFileSync(files(dir).spec));
  const servers = new Servers(dir, spec);
  const leave = async () => {
    clearInterval(watch);
    await servers.end();
    Deno.exit(0);
  };
  const watch = setInterval(() => {
    if (processStart(spec.ownerPid) !== spec.ownerStart) void leave();
  }, OWNER_CHECK_MS);
  Deno.addSignalListener("SIGTERM", () => void leave());
  const port = await servers.startApiServer();
  const listener = Deno.listen({ transport: "unix", path: files(dir).control });
  writeState(dir, { port, supervisorPid: Deno.pid });
  return await serve(listener, servers);
}

/** Answers commands one after the other; `stop` is the last. */
async function serve(listener: Deno.UnixListener, servers: Servers): Promise<never> {
  for (;;) {
    using connection = await listener.accept();
    try {
      const name: SupervisorCommand = JSON.parse(await readLine(connection));
      const answer = await obey(name, servers);
      await writeLine(connection, answer);
      if (name === "stop") Deno.exit(0);
    } catch (error) {
      // A test that asked and died waits for no answer; the owner check ends its cluster.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  }
}

async function obey(name: SupervisorCommand, servers: Servers): Promise<SupervisorAnswer> {
  try {
    if (name === "start-apiserver") await servers.startApiServer();
    if (name === "stop-apiserver") await servers.stopApiServer();
    const { pids } = servers;
    if (name === "stop") await servers.end();
    return { pids };
  } catch (error) {
    return { error: textOf(error) };
  }
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

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function writeState(dir: string, state: SupervisorState): void {
  Deno.writeTextFileSync(`${files(dir).state}.new`, JSON.stringify(state), { mode: 0o600 });
  Deno.renameSync(`${files(dir).state}.new`, files(dir).state);
}

if (import.meta.main) {
  const dir = Deno.args[0];
  if (dir === undefined) throw new TypeError("Cannot start: the cluster's folder is missing");
  try {
    await supervise(dir);
  } catch (error) {
    // Whoever started the cluster reads why and removes the folder; etcd ends with this process.
    writeState(dir, { error: textOf(error) });
    Deno.exit(1);
  }
}
