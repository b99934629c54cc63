/**
 * What a running process uses.
 *
 * @module
 */
import { must, sleep } from "tests/support/processes.ts";

/** Share of one core that the process uses while nothing happens, and its resident memory. */
export async function idleUse(
  pid: number,
  milliseconds: number,
): Promise<{ coreShare: number; rssMiB: number }> {
  const ticksPerSecond = Number(await must("getconf", ["CLK_TCK"]));
  const before = ticks(pid);
  await sleep(milliseconds);
  const seconds = (ticks(pid) - before) / ticksPerSecond;
  const rss = /VmRSS:\s+(\d+) kB/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
  return { coreShare: seconds / (milliseconds / 1000), rssMiB: Number(rss) / 1024 };
}

/** User and system time in clock ticks: proc_pid_stat(5), fields 14 and 15. */
function ticks(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
