/**
 * The compiled `kumactl check --kubernetes` and `explain pod` against a real API server on the same machine: 5,000 pods
 * with sidecars, 1,000 Services, 200 nodes.
 *
 * `deno run -A tests/bench/check_bench.ts [pods]`
 *
 * @module
 */
import { join } from "node:path";
import { hostArch } from "build/pins.ts";
import { ROOT } from "build/task.ts";
import type { CheckDocument } from "../../kumactl/check_document.ts";
import { startApiServer } from "../kube/apiserver.ts";
import { run } from "../support/processes.ts";
import { furnish, podNames, type Size } from "./controller_cluster.ts";
import { percentile } from "./measure.ts";
import type { Row } from "./table.ts";

/** The size that the bounds are for. */
export const LARGE: Size = { nodes: 200, services: 1000, pods: 5000, crowd: 500 };
const MAX_MS = 10_000;
const MAX_RSS_MIB = 200;
const RUNS = 5;

/** Measures both; needs `dist` to be built. */
export async function checkRows(size: Size): Promise<Row[]> {
  await using cluster = await startApiServer();
  await furnish(cluster, size);
  const folder = await Deno.makeTempDir({ prefix: "check-bench-" });
  try {
    const KUBECONFIG = `${folder}/kubeconfig`;
    await Deno.writeTextFile(KUBECONFIG, cluster.adminKubeconfig(), { mode: 0o600 });
    const { namespace, name } = podNames(size)[0] ?? { namespace: "", name: "" };
    const check = await measured(["check", "--kubernetes", "-o", "json"], KUBECONFIG);
    const explain = await measured(
      ["explain", "pod", `${namespace}/${name}`, "-o", "json"],
      KUBECONFIG,
    );
    // Nobody has made Dataplanes here: each pod that was looked at says that it has none.
    const { sections } = JSON.parse(check.stdout) as CheckDocument;
    const missing = sections.flatMap(({ checks }) => checks)
      .find((one) => one.name === "pods-dataplanes")?.details.length;
    const all = { text: `${missing} of ${size.pods} pods looked at`, kept: missing === size.pods };
    return [row("check --kubernetes", check, [all]), row("explain pod", explain, [])];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface Measured {
  readonly ms: number[];
  readonly rssMiB: number;
  readonly stdout: string;
}

/** Both end with 1: in a cluster without an injector there is something to be said. */
async function measured(words: readonly string[], KUBECONFIG: string): Promise<Measured> {
  const program = join(ROOT, "dist", `linux-${hostArch()}`, "kumactl");
  const ms: number[] = [];
  let rssMiB = 0, stdout = "";
  for (let at = 0; at < RUNS; at++) {
    const started = performance.now();
    const done = await run("/usr/bin/time", ["-f", "peak-rss-kib=%M", program, ...words], {
      env: { KUBECONFIG },
    });
    ms.push(performance.now() - started);
    const peak = /peak-rss-kib=(\d+)/.exec(done.stderr)?.[1];
    if (done.code !== 1 || peak === undefined) {
      throw new Error(`ended with ${done.code}: ${done.stderr}`);
    }
    rssMiB = Math.max(rssMiB, Number(peak) / 1024);
    stdout = done.stdout;
  }
  return { ms: ms.sort((a, b) => a - b), rssMiB, stdout };
}

function row(name: string, { ms, rssMiB }: Measured, more: Row["bounds"] = []): Row {
  return {
    name,
    figures: { ms, rssMiB },
    bounds: [
      { text: `p95 <= ${MAX_MS / 1000} s`, kept: percentile(ms, 0.95) <= MAX_MS },
      { text: `RSS <= ${MAX_RSS_MIB} MiB`, kept: rssMiB <= MAX_RSS_MIB },
      ...more,
    ],
  };
}

if (import.meta.main) {
  const { missed, renderTable } = await import("./table.ts");
  const pods = Number(Deno.args[0] ?? LARGE.pods);
  const size = pods >= LARGE.pods
    ? LARGE
    : { nodes: 20, services: 40, pods, crowd: Math.round(pods / 10) };
  const rows = await checkRows(size);
  Deno.stdout.writeSync(new TextEncoder().encode(renderTable(`kumactl, ${pods} pods`, rows)));
  Deno.exitCode = missed(rows).length === 0 ? 0 : 1;
}
