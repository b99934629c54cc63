/**
 * A real Kubernetes API server for tests: etcd and kube-apiserver on loopback, thrown away after.
 *
 * What is missing on purpose: a controller-manager, a scheduler and kubelets. So nobody creates
 * `default` service accounts (`createNamespace` does), empties namespaces that are being deleted (use
 * new names), or runs pods. Everything else is a cluster's own: RBAC, tokens, the default admission
 * plugins, webhooks, custom resources.
 *
 * @module
 */
import { processStart, waitUntil } from "../support/processes.ts";
import { cacheDir } from "../support/go_build.ts";
import { kubeAssets } from "./assets.ts";
import { TestCluster } from "./cluster.ts";
import { createPki } from "./pki.ts";
import type { SupervisorSpec, SupervisorState } from "./protocol.ts";
import { files, writePki } from "./servers.ts";

export { type Definition, TestCluster } from "./cluster.ts";
export { ApiError, type KubeObject } from "./connection.ts";

const START_TIMEOUT_MS = 100_000;

/** What {@linkcode startApiServer} may be told. */
export interface ApiServerOptions {
  /** Further flags of kube-apiserver, such as `--feature-gates=…`. */
  apiServerArgs?: string[];
}

/**
 * Starts a cluster of the caller's own; dispose of it (`await using`) or `stop()` it. It ends with this
 * process in any case. Throws an `Error` with the end of the server's log when it does not start.
 */
export async function startApiServer(options: ApiServerOptions = {}): Promise<TestCluster> {
  const { dir, port } = await launch(options);
  return await furnished(new TestCluster(dir, port, false));
}

/**
 * A handle on the one cluster that all test files of this `deno test` share; the first call starts it,
 * and it ends with this process. Use namespaces with names of your own, leave cluster-wide objects as
 * you found them, and start your own cluster to stop, pause or restart it.
 */
export async function sharedCluster(): Promise<TestCluster> {
  const start = processStart(Deno.pid);
  const runDir = `${cacheDir()}/run`;
  await Deno.mkdir(runDir, { recursive: true, mode: 0o700 });
  await sweep(runDir);
  const note = `${runDir}/${Deno.pid}-${start}.json`;
  // Test files are workers of one process, several at a time with --parallel: a file lock keeps them
  // apart, since each opens the file anew.
  using file = await Deno.open(note, { create: true, read: true, write: true, mode: 0o600 });
  await file.lock(true);
  const noted = await Deno.readTextFile(note);
  if (noted !== "") {
    const { dir, port } = JSON.parse(noted) as Launched;
    return new TestCluster(dir, port, true);
  }
  const launched = await launch({});
  const cluster = await furnished(new TestCluster(launched.dir, launched.port, true));
  await Deno.writeTextFile(note, JSON.stringify(launched));
  return cluster;
}

/** A cluster's folder and port. */
interface Launched {
  dir: string;
  port: number;
}

/** Starts a supervisor, detached from this process, and waits until its servers are ready. */
async function launch(options: ApiServerOptions): Promise<Launched> {
  const ownerStart = processStart(Deno.pid);
  if (ownerStart === undefined) throw new Error("Cannot read this process's own /proc entry");
  const assets = await kubeAssets();
  // A short path: the name of a Unix socket holds 107 bytes (unix(7)).
  const dir = await Deno.makeTempDir({ prefix: "kube-" });
  try {
    writePki(dir, await createPki());
    const spec: SupervisorSpec = {
      ...assets,
      apiServerArgs: options.apiServerArgs ?? [],
      ownerPid: Deno.pid,
      ownerStart,
    };
    await Deno.writeTextFile(files(dir).spec, JSON.stringify(spec), { mode: 0o600 });
    await detach(dir);
    const state = await waitUntil("the API server is ready", () => readState(dir), {
      timeoutMs: START_TIMEOUT_MS,
    });
    if ("error" in state) throw new Error(`Cannot start the API server: ${state.error}`);
    return { dir, port: state.port };
  } catch (error) {
    await Deno.remove(dir, { recursive: true });
    throw error;
  }
}

/**
 * setsid --fork returns at once: no child of a test is left over when the test ends, and an interrupt
 * from the terminal reaches only the test, whose end the supervisor then sees. No stream is piped: the
 * supervisor would inherit it and keep it open.
 */
async function detach(dir: string): Promise<void> {
  const supervisor = new URL("./supervisor.ts", import.meta.url).pathname;
  const { success } = await new Deno.Command("setsid", {
    args: ["--fork", Deno.execPath(), "run", "-A", "--no-prompt", "--quiet", supervisor, dir],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn().status;
  if (!success) throw new Error("Cannot start the supervisor with setsid");
}

async function readState(dir: string): Promise<SupervisorState | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(files(dir).state));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Creates what a controller-manager would have: the first namespaces' default service accounts. */
async function furnished(cluster: TestCluster): Promise<TestCluster> {
  for (const namespace of ["default", "kube-system"]) {
    await waitUntil(`the namespace ${namespace} exists`, async () => {
      const answer = await cluster.fetch("GET", `/api/v1/namespaces/${namespace}`);
      await answer.body?.cancel();
      return answer.ok;
    });
    await cluster.createServiceAccount(namespace, "default");
  }
  return cluster;
}

/** Removes the notes of test processes that are gone. */
async function sweep(runDir: string): Promise<void> {
  for await (const entry of Deno.readDir(runDir)) {
    const [, pid, start] = /^(\d+)-(\d+)\.json$/.exec(entry.name) ?? [];
    if (pid === undefined || processStart(Number(pid)) === start) continue;
    try {
      await Deno.remove(`${runDir}/${entry.name}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // another test process was faster
    }
  }
}
