/**
 * `deno task bench [runs]`: prints a table for each program and ends with 1 if a bound was missed.
 *
 * @module
 */
import { join } from "node:path";
import { hostArch } from "build/pins.ts";
import { ROOT } from "build/task.ts";
import { checkRows, LARGE } from "./check_bench.ts";
import { cniRows } from "./cni_bench.ts";
import { controllerBench, FULL } from "./controller_bench.ts";
import { rulesetsPerSecond } from "./core_bench.ts";
import { ebpfBench } from "./ebpf_bench.ts";
import { ebpfLoaderRows } from "./ebpf_loader_bench.ts";
import { buildEmptyProgram } from "./empty.ts";
import { informerBench } from "./informer_bench.ts";
import { installerRows } from "./installer_bench.ts";
import { kumactlRows } from "./kumactl_bench.ts";
import { missed, renderTable } from "./table.ts";
import { webhookBench } from "./webhook_bench.ts";

const MIN_RULESETS_PER_SECOND = 2000;

/** How long each load on the webhook lasts, seconds. */
const WEBHOOK_SECONDS = 60;

/** Runs every bench; gives the number of missed bounds. */
async function bench(runs: number, print: (text: string) => void): Promise<number> {
  const dist = join(ROOT, "dist", `linux-${hostArch()}`);
  const work = await Deno.makeTempDir({ prefix: "kuma-bench-" });
  try {
    const empty = await buildEmptyProgram(work);
    const speed = rulesetsPerSecond();
    const fast = speed >= MIN_RULESETS_PER_SECOND;
    print(`## core\n\ndefault rulesets built and rendered a second: ${Math.round(speed)} `);
    print(`(${fast ? "ok" : "MISSED"}: >= ${MIN_RULESETS_PER_SECOND})\n\n`);
    const informers = await informerBench(print);
    const kumactl = await kumactlRows(join(dist, "kumactl"), empty, runs);
    print(renderTable("kumactl, fresh network namespace, both families, DNS on", kumactl));
    const cni = await cniRows(empty, runs);
    print(renderTable("kuma-cni, API server on loopback, both families, DNS on", cni));
    const installer = await installerRows(runs);
    print(renderTable("install-cni, kuma-cni copied to an empty node", installer));
    const loader = await ebpfLoaderRows(runs);
    print(renderTable("kuma-ebpf-loader, the program's start included", loader));
    const cluster = await checkRows(LARGE);
    print(renderTable(`kumactl, a cluster of ${LARGE.pods} pods`, cluster));
    const rows = [...kumactl, ...cluster, ...cni, ...installer, ...loader];
    return missed(rows).length + informers + (fast ? 0 : 1) +
      await webhookBench(WEBHOOK_SECONDS, print) + await controllerBench(FULL, print) +
      await ebpfBench();
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

if (import.meta.main) {
  const runs = Number(Deno.args[0] ?? "25");
  if (!Number.isInteger(runs) || runs < 1) {
    throw new RangeError("The number of runs is not 1 or more");
  }
  const write = (text: string) => void Deno.stdout.writeSync(new TextEncoder().encode(text));
  Deno.exitCode = await bench(runs, write) === 0 ? 0 : 1;
}
