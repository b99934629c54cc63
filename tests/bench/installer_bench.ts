/**
 * install-cni: from start to ready, how fast it heals, and what it uses while nothing happens. The plugin
 * that it copies is the compiled kuma-cni.
 *
 * @module
 */
import { idleUse } from "./idle.ts";
import { CALICO, DIST, TestNode } from "tests/installer/node.ts";
import { sleep } from "tests/support/processes.ts";
import { percentile } from "./measure.ts";
import type { Row } from "./table.ts";

/** Bounds of the issue that set them. */
const MAX_START_MS = 500;
const MAX_HEAL_MS = 1000;
const MAX_IDLE_SHARE = 0.002;
const MAX_RSS_MIB = 90;

const LIST = "10-calico.conflist";
const IDLE_MS = 20_000;

/** Heals that one installer answers at once; after more it would hold back. */
const HEALS_EACH = 4;

/** Measures it; needs `dist` to be built. Takes `runs` starts and as many heals, and 20 s of idling. */
export async function installerRows(runs: number): Promise<Row[]> {
  const fresh: number[] = [], again: number[] = [], heals: number[] = [];
  for (let run = 0; run < runs; run++) {
    await using node = await TestNode.create();
    node.write(LIST, CALICO);
    fresh.push(await startToReady(node));
    again.push(await startToReady(node));
  }
  while (heals.length < runs) heals.push(...await healTimes(HEALS_EACH));
  const { rssMiB, coreShare } = await idling();
  const row = (name: string, ms: number[], bound: number): Row => {
    ms.sort((a, b) => a - b);
    const kept = percentile(ms, 0.95) <= bound;
    return {
      name,
      figures: { ms, rssMiB: undefined },
      bounds: [{ text: `p95 <= ${bound} ms`, kept }],
    };
  };
  const share = `${(coreShare * 100).toFixed(2)} %`;
  return [
    row("install-cni, start to ready beyond the copy", fresh, MAX_START_MS),
    row("install-cni, start to ready, nothing to copy", again, MAX_START_MS),
    row("install-cni, entry back after a rewrite", heals, MAX_HEAL_MS),
    {
      name: `install-cni, CPU time of ${IDLE_MS / 1000} s of idling`,
      figures: { ms: [coreShare * IDLE_MS], rssMiB },
      bounds: [
        { text: `${share} of a core <= 0.2 %`, kept: coreShare <= MAX_IDLE_SHARE },
        { text: `RSS <= ${MAX_RSS_MIB} MiB`, kept: rssMiB <= MAX_RSS_MIB },
      ],
    },
  ];
}

const IMAGE = { CNI_SOURCE_DIR: DIST, MOUNTED_HOST_ROOT: "/" };

async function startToReady(node: TestNode): Promise<number> {
  const installer = node.start(IMAGE);
  const ms = await installer.ready();
  await installer.stop();
  node.installers.pop();
  const copied = /copied the plugin\t.*"ms":(\d+)/.exec(installer.output)?.[1];
  return ms - Number(copied ?? 0);
}

/** Milliseconds until the entry is back, each time that another agent takes it out. */
async function healTimes(times: number): Promise<number[]> {
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  await node.start(IMAGE).ready();
  const took: number[] = [];
  for (let time = 0; time < times; time++) {
    await sleep(50 + Math.random() * 200);
    const started = performance.now();
    node.write(LIST, CALICO);
    while (!node.read(LIST).includes("kuma-cni")) await sleep(1);
    took.push(performance.now() - started);
  }
  return took;
}

async function idling(): Promise<{ coreShare: number; rssMiB: number }> {
  await using node = await TestNode.create();
  node.write(LIST, CALICO);
  const installer = node.start(IMAGE);
  await installer.ready();
  await sleep(2000);
  return await idleUse(installer.pid, IDLE_MS);
}
