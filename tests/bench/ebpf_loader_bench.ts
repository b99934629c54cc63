/**
 * kuma-ebpf-loader: how long until everything is attached, from the start of the program; and one pod.
 *
 * @module
 */
import { LoaderLab } from "tests/ebpf/loader_lab.ts";
import { percentile } from "./measure.ts";
import type { Row } from "./table.ts";

/** The bound of the issue that set it, for all of a load. */
const MAX_LOAD_MS = 300;

/** Measures it in a cgroup and a BPF file system of its own; needs `dist` to be built. */
export async function ebpfLoaderRows(runs: number): Promise<Row[]> {
  await using lab = await LoaderLab.create();
  const fresh: number[] = [], again: number[] = [], pod: number[] = [], gone: number[] = [];
  const add = ["pod", "add", `--netns=${lab.netns}`, "--name=demo/web"];
  for (let run = 0; run < runs; run++) {
    fresh.push(await timed(lab, ["load"]));
    pod.push(await timed(lab, add));
    again.push(await timed(lab, ["load"]));
    gone.push(await timed(lab, ["unload"]));
  }
  return [
    row("load on a node without programs", fresh, MAX_LOAD_MS),
    row("load in place of programs, with a pod", again, MAX_LOAD_MS),
    row("pod add", pod),
    row("unload, until the kernel has let go", gone),
  ];
}

function row(name: string, ms: number[], bound?: number): Row {
  ms.sort((a, b) => a - b);
  return {
    name,
    figures: { ms, rssMiB: undefined },
    bounds: bound === undefined
      ? []
      : [{ text: `p50 <= ${bound} ms`, kept: percentile(ms, 0.5) <= bound }],
  };
}

async function timed(lab: LoaderLab, words: string[]): Promise<number> {
  const started = performance.now();
  await lab.must(...words);
  return performance.now() - started;
}
