/**
 * How a test process speaks to the process that looks after its cluster: one JSON line each way over
 * the Unix socket in the cluster's folder, a connection per request.
 *
 * @module
 */
import { files } from "./servers.ts";

/** What the supervisor is started with; it reads it from `spec.json` in the cluster's folder. */
export interface SupervisorSpec {
  etcd: string;
  kubeApiServer: string;
  /** Further flags of kube-apiserver; a later flag wins over an earlier one. */
  apiServerArgs: string[];
  /** The process that the cluster must not outlive, and its start time, see `processStart`. */
  ownerPid: number;
  ownerStart: string;
}

/** What `state.json` says once the servers run, or could not be started. */
export type SupervisorState = { port: number; supervisorPid: number } | { error: string };

/** What the supervisor does on request. `stop` ends it and removes the folder. */
export type SupervisorCommand = "pids" | "stop-apiserver" | "start-apiserver" | "stop";

/** Process numbers of a cluster; the API server's is missing while it is stopped. */
export interface ClusterPids {
  supervisor: number;
  etcd: number;
  apiServer?: number;
}

/** An answer: the processes after the command, or why it failed. */
export type SupervisorAnswer = { pids: ClusterPids } | { error: string };

/** Sends one command and returns the cluster's processes. Throws an `Error` with the supervisor's words. */
export async function command(dir: string, name: SupervisorCommand): Promise<ClusterPids> {
  using connection = await Deno.connect({ transport: "unix", path: files(dir).control });
  await writeLine(connection, name);
  const answer = JSON.parse(await readLine(connection)) as SupervisorAnswer;
  if ("error" in answer) throw new Error(`Cannot ${name} in ${dir}: ${answer.error}`);
  return answer.pids;
}

/** Writes a value as one line of JSON. */
export async function writeLine(connection: Deno.Conn, value: unknown): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** Reads up to the first line break; throws an `Error` when the other side ends before. */
export async function readLine(connection: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  while (!text.includes("\n")) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error("The connection ended in the middle of a line");
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return text.slice(0, text.indexOf("\n"));
}
