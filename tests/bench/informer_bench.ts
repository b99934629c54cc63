/**
 * The informer with many objects: its memory, and how long its event loop stands still while it lists. The server
 * is a fake that has the pages ready: a real one takes minutes to be given ten thousand pods.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { run } from "core/host/run.ts";

const SUBJECT = fileURLToPath(new URL("./informer_subject.ts", import.meta.url));
const PATH = "/api/v1/pods";
/** A page is parsed in one piece; on a busy machine other programs count, too. */
const MAX_STILL_MS = 500;
const MAX_RSS_MIB = 256;

/** Prints the figures for 5,000 and 10,000 pods; gives the number of missed bounds. */
export async function informerBench(print: (text: string) => void): Promise<number> {
  print(`## informer, pods of ${pod(0).length} bytes in pages of 500\n\n`);
  let missed = 0;
  for (const pods of [5000, 10_000]) {
    const { rss, before, listedMs, longestMs } = await measured(pods);
    const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(0);
    const kept = longestMs <= MAX_STILL_MS && rss <= MAX_RSS_MIB * 1024 * 1024;
    if (!kept) missed++;
    print(
      `${pods} pods: RSS ${mib(rss)} MiB (${mib(before)} before), listed in ${
        listedMs.toFixed(0)
      } ms, ` +
        `event loop still for ${longestMs.toFixed(0)} ms at most ` +
        `(${kept ? "ok" : "MISSED"}: <= ${MAX_RSS_MIB} MiB, <= ${MAX_STILL_MS} ms)\n`,
    );
  }
  print("\n");
  return missed;
}

async function measured(pods: number): Promise<Figures> {
  const items = Array.from({ length: pods }, (_, number) => pod(number));
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { searchParams } = new URL(request.url);
    if (searchParams.has("watch")) return new Response(new ReadableStream({}));
    const limit = Number(searchParams.get("limit") ?? 500);
    const at = Number(searchParams.get("continue") ?? 0);
    const more = at + limit < pods ? `"continue":"${at + limit}",` : "";
    const page = items.slice(at, at + limit).join(",");
    return new Response(`{"metadata":{${more}"resourceVersion":"99999999"},"items":[${page}]}`);
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  // As the programs that hold informers are compiled.
  const heap = "--v8-flags=--min-semi-space-size=8,--max-semi-space-size=8";
  const program = [Deno.execPath(), "run", "--allow-all", "--no-check", heap, SUBJECT] as const;
  const { code, stdout, stderr } = await run([...program, url, PATH], { timeoutMs: 120_000 });
  if (code !== 0) throw new Error(`The informer's process failed: ${stderr}`);
  return JSON.parse(stdout);
}

interface Figures {
  readonly before: number;
  readonly rss: number;
  readonly listedMs: number;
  readonly longestMs: number;
}

/** A pod as a cluster has it, 6.5 kB: two containers, managed fields, a status. */
function pod(number: number): string {
  const named = (length: number, prefix: string) =>
    Array.from({ length }, (_, at) => ({ name: `${prefix}${at}`, value: "v".repeat(40) }));
  return JSON.stringify({
    metadata: {
      name: `pod-${number}`,
      namespace: `ns-${number % 50}`,
      uid: crypto.randomUUID(),
      resourceVersion: String(number + 1),
      labels: { app: "a", "kuma.io/sidecar-injection": "enabled" },
      annotations: { "kuma.io/sidecar-injected": "true", note: "y".repeat(800) },
      managedFields: [{ manager: "kubelet", fieldsV1: { a: "z".repeat(3000) } }],
    },
    spec: {
      containers: [
        { name: "app", image: "app:1", env: named(20, "E") },
        { name: "kuma-sidecar", image: "dp:1", env: named(5, "K") },
      ],
      nodeName: "node",
    },
    status: { phase: "Running", podIP: "10.0.0.1", conditions: named(5, "C") },
  });
}
