/**
 * Memory and CPU of another process over a while, from `/proc` (proc_pid_status(5), proc_pid_stat(5)).
 *
 * @module
 */

/** What a process used. */
export interface ProcessUsage {
  /** Resident memory at the first look, MiB. */
  readonly firstMiB: number;
  readonly lastMiB: number;
  readonly peakMiB: number;
  /** CPU time over wall time: 1 is one core. */
  readonly cpuShare: number;
}

const LOOK_EVERY_MS = 500;
/** USER_HZ, which is 100 on every Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;

/** Begins to look at a process; `sample` may be called often, `end` gives the result. */
export function processUsage(pid: number): { sample(): void; end(): ProcessUsage } {
  const begun = performance.now();
  const cpu = cpuSeconds(pid);
  const first = residentMiB(pid);
  let peak = first;
  let last = first;
  let looked = begun;
  const look = () => {
    looked = performance.now();
    last = residentMiB(pid);
    peak = Math.max(peak, last);
  };
  return {
    sample() {
      if (performance.now() - looked >= LOOK_EVERY_MS) look();
    },
    end() {
      look();
      const seconds = (performance.now() - begun) / 1000;
      const cpuShare = (cpuSeconds(pid) - cpu) / seconds;
      return { firstMiB: first, lastMiB: last, peakMiB: peak, cpuShare };
    },
  };
}

/** Resident memory of a process, MiB; NaN when it is gone. */
function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(pid, "status"))?.[1]) / 1024;
}

function cpuSeconds(pid: number): number {
  const stat = read(pid, "stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function read(pid: number, file: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/${file}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
