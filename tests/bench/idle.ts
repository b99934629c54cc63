/**
 * What a running process uses.
 *
 * @module
 */
import { sleep } from "tests/support/processes.ts";

/** Share of one core that the process uses while nothing happens, and its resident memory. */
export async function idleUse(
  pid: number,
  milliseconds: number,
): Promise<{ coreShare: number; rssMiB: number }> {
  const before = nanoseconds(pid);
  await sleep(milliseconds);
  const used = nanoseconds(pid) - before;
  const rss = /VmRSS:\s+(\d+) kB/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
  return { coreShare: used / 1e6 / milliseconds, rssMiB: Number(rss) / 1024 };
}

/**
 * Time on a core of all threads that run: the first number of their schedstat (the kernel's
 * Documentation/scheduler/sched-stats.rst). The clock ticks of proc_pid_stat(5) are 10 ms long, and two of
 * them are all that 0.2 % of ten seconds are.
 */
function nanoseconds(pid: number): number {
  const threads = [...Deno.readDirSync(`/proc/${pid}/task`)];
  return threads.reduce((sum, { name }) => sum + timeOf(`/proc/${pid}/task/${name}`), 0);
}

function timeOf(thread: string): number {
  const [time = ""] = Deno.readTextFileSync(`${thread}/schedstat`).split(" ");
  return Number(time);
}
