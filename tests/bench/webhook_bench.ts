/**
 * The compiled kuma-webhook beside a real API server: admission reviews at 200 a second, pinned to
 * one core: just started and then again with a small cluster in memory, with one client and with many that wait
 * for nothing, then with 5,000 ContainerPatches and 2,000 namespaces.
 *
 * `deno run -A tests/bench/webhook_bench.ts [seconds]`
 *
 * @module
 */
import { inParallel } from "../support/parallel.ts";
import { startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { must, waitUntil } from "../support/processes.ts";
import { Program } from "../webhook/program.ts";
import { furnishKuma, PATCHES } from "../webhook/test_webhook.ts";
import { type ClientsResult, GoServer, runClients } from "./webhook_clients.ts";
import { issueServer } from "../../webhook/certificates/issue.ts";
import { describeLoad, type LoadResult, runLoad } from "./webhook_load.ts";

const MAX_P50_MS = 3;
const MAX_P99_MS = 25;
const MAX_RSS_MIB = 250;
/** Clients at once, and how many times as long as half of them the slowest hundredth may wait. */
const MANY_CLIENTS = 50;
const MAX_TAIL = 2.2;
/** Growth that is not flat any more. */
const MAX_GROWTH_MIB = 40;

/** Runs both loads; gives the number of missed bounds. */
export async function webhookBench(
  seconds: number,
  print: (text: string) => void,
): Promise<number> {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await cluster.createNamespace("meshed", { "kuma.io/sidecar-injection": "enabled" });
  await createPatches(cluster, 0, 2);
  await using program = await Program.ready(cluster);
  print("## kuma-webhook, 200 admission reviews a second\n\n");
  await pinToOneCore(program.pid);
  // From its very first request: what a program that just started does is part of the bound.
  let missed = judge("small cluster, just started", await load(program, seconds), print);
  missed += judge("small cluster, running for a minute", await load(program, seconds), print);
  missed += await judgeClients(program, Math.min(20, seconds), print);
  await createPatches(cluster, 2, 5000);
  const names = Array.from({ length: 2000 }, (_, n) => `ns-${n}`);
  await inParallel(
    names,
    16,
    (name) => cluster.request("POST", "/api/v1/namespaces", { metadata: { name } }),
  );
  await waitUntil("everything is in memory", async () => {
    const { text } = await program.get("/metrics");
    return text.includes('objects{kind="containerpatches"} 5000');
  }, { timeoutMs: 60_000 });
  const label = "5,000 ContainerPatches, 2,000 namespaces";
  missed += judge(label, await load(program, seconds), print);
  return missed;
}

/** The bounds are those of one core of two; all of the program's threads move. */
async function pinToOneCore(pid: number): Promise<void> {
  await must("taskset", ["--all-tasks", "--cpu-list", "--pid", "0", String(pid)]);
}

async function createPatches(cluster: TestCluster, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, n) => from + n);
  await inParallel(numbers, 16, (n) =>
    cluster.request("POST", PATCHES, {
      apiVersion: "kuma.io/v1alpha1",
      kind: "ContainerPatch",
      metadata: { name: `patch-${n}` },
      spec: {
        sidecarPatch: [{ op: "add", path: "/env/-", value: `{"name": "N${n}", "value": "1"}` }],
        initPatch: [{ op: "add", path: "/securityContext/runAsNonRoot", value: "false" }],
      },
    }));
}

/** Each pod has a probe, and two patches of its own. */
function subject(program: Program) {
  return {
    target: () => ({ hostname: "127.0.0.1", port: program.port }),
    serverName: "localhost",
    caPem: () => program.authority.certificate,
    path: "/inject-sidecar?timeout=10s",
    body: podReview,
  };
}

function load(program: Program, seconds: number): Promise<LoadResult> {
  return runLoad({
    ...subject(program),
    pid: program.pid,
    seconds,
    warmUp: 0,
    fault: ({ status, text }) => status === 200 && text.includes('"patch"') ? undefined : text,
  });
}

function podReview(n: number): string {
  return JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: `u${n}`,
      kind: { group: "", version: "v1", kind: "Pod" },
      operation: "CREATE",
      namespace: "meshed",
      object: {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          generateName: "demo-",
          labels: { app: "demo" },
          annotations: { "kuma.io/container-patches": "patch-0,patch-1" },
        },
        spec: {
          containers: [{
            name: "app",
            image: "app:1",
            livenessProbe: { httpGet: { path: "/live", port: 8080 } },
          }],
        },
      },
    },
  });
}

/** One client, then many at once, beside Go's own server in the same minute. */
async function judgeClients(
  program: Program,
  seconds: number,
  print: (text: string) => void,
): Promise<number> {
  const { authority } = program;
  const { path } = subject(program);
  const answer = await program.get(path, {
    method: "POST",
    body: podReview(0),
    headers: { "content-type": "application/json" },
  });
  await using go = await GoServer.start(await issueServer(authority, ["localhost"]), answer.text);
  const ask = (url: string, clients: number) =>
    runClients({ url, caPem: authority.certificate, body: podReview(0) }, clients, seconds);
  const said = ({ requests, perSecond, p50, p99, max }: ClientsResult) => {
    const [short, long, longest] = [p50, p99, max].map((value) => value.toFixed(2));
    const tail = (p99 / p50).toFixed(2);
    return `${requests} requests, ${perSecond.toFixed(0)} a second, p50 ${short} ms, ` +
      `p99 ${long} ms, max ${longest} ms, p99/p50 ${tail}\n`;
  };
  print(`1 client: ${said(await ask(`${program.url}${path}`, 1))}`);
  print(
    `Go, ${MANY_CLIENTS} at once: ${
      said(await ask(`https://localhost:${go.port}/`, MANY_CLIENTS))
    }`,
  );
  const many = await ask(`${program.url}${path}`, MANY_CLIENTS);
  print(`${MANY_CLIENTS} at once: ${said(many)}`);
  const kept = many.p99 <= MAX_TAIL * many.p50;
  print(`  ${kept ? "ok" : "MISSED"}: p99 <= ${MAX_TAIL} p50\n`);
  return kept ? 0 : 1;
}

function judge(label: string, result: LoadResult, print: (text: string) => void): number {
  const { usage } = result;
  print(`${label}: ${describeLoad(result)}\n`);
  const bounds: [string, boolean][] = [
    [`p50 <= ${MAX_P50_MS} ms`, result.p50 <= MAX_P50_MS],
    [`p99 <= ${MAX_P99_MS} ms`, result.p99 <= MAX_P99_MS],
    ["no error", result.errors.length === 0],
    [`RSS <= ${MAX_RSS_MIB} MiB`, (usage?.peakMiB ?? Infinity) <= MAX_RSS_MIB],
    ["RSS flat", (usage?.lastMiB ?? Infinity) - (usage?.firstMiB ?? 0) <= MAX_GROWTH_MIB],
  ];
  if (usage !== undefined) {
    const { firstMiB, lastMiB, peakMiB, cpuShare } = usage;
    const mib = [firstMiB, lastMiB, peakMiB].map((value) => value.toFixed(0)).join(", ");
    print(`  RSS first, last, peak: ${mib} MiB; ${cpuShare.toFixed(2)} of a core\n`);
  }
  for (const [text, kept] of bounds) print(`  ${kept ? "ok" : "MISSED"}: ${text}\n`);
  return bounds.filter(([, kept]) => !kept).length;
}

if (import.meta.main) {
  const write = (text: string) => void Deno.stdout.writeSync(new TextEncoder().encode(text));
  Deno.exitCode = await webhookBench(Number(Deno.args[0] ?? "60"), write) === 0 ? 0 : 1;
}
