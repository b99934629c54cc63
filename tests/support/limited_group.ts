/**
 * A control group with limits of memory and processor time, as a container runtime makes one, on machines with
 * version 1 or 2 of control groups.
 *
 * @module
 */
import { isFile } from "core/host/presence.ts";
import { type Finished, signalProcess } from "./processes.ts";

const ROOT = "/sys/fs/cgroup";
const PERIOD_US = 100_000;

/** What a group may use. */
export interface Limits {
  readonly memoryBytes: number;
  /** Thousandths of one processor. */
  readonly milliCpu: number;
  /** Processes and threads, that of {@linkcode LimitedGroup.run} which waits included; without it, any number. */
  readonly processes?: number;
}

/** One controller's folder and files: names differ between the versions. */
interface Layout {
  readonly folders: readonly string[];
  readonly settings: readonly (readonly [file: string, text: string])[];
  readonly peak: string;
  /** How often the limit was met, so that pages were dropped or a process killed. */
  readonly met: () => number;
}

/** Whether this machine lets us make such groups. */
export function canLimit(): boolean {
  return isFile(`${ROOT}/memory/memory.limit_in_bytes`)
    ? isFile(`${ROOT}/cpu/cpu.shares`) && isFile(`${ROOT}/pids/cgroup.procs`)
    : ["cpu", "memory", "pids"].every((name) => controllers().includes(name));
}

/** A fresh group; dispose of it when its programs have ended. */
export class LimitedGroup implements Disposable {
  readonly #layout: Layout;

  constructor(limits: Limits) {
    const name = `kuma-test-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
    const old = isFile(`${ROOT}/memory/memory.limit_in_bytes`);
    this.#layout = old ? versionOne(name, limits) : versionTwo(name, limits);
    if (!old) Deno.writeTextFileSync(`${ROOT}/cgroup.subtree_control`, "+cpu +memory +pids");
    for (const folder of this.#layout.folders) Deno.mkdirSync(folder);
    for (const [file, text] of this.#layout.settings) Deno.writeTextFileSync(file, text);
  }

  /**
   * Runs a program inside, from its first instruction; after `timeoutMs` everything inside is killed. Any failure of
   * it has an exit code of xargs(1).
   */
  async run(program: string, args: readonly string[], timeoutMs: number): Promise<Finished> {
    // xargs starts the program when its input ends, which is after it was moved.
    const child = new Deno.Command("xargs", {
      args: [program, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    for (const folder of this.#layout.folders) {
      Deno.writeTextFileSync(`${folder}/cgroup.procs`, String(child.pid));
    }
    const timer = setTimeout(() => this.#kill(), timeoutMs);
    try {
      await child.stdin.close();
      const { code, stdout, stderr } = await child.output();
      const text = new TextDecoder();
      return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Takes a program in that has just been started; what it has taken before counts elsewhere. */
  join(pid: number): void {
    for (const folder of this.#layout.folders) {
      Deno.writeTextFileSync(`${folder}/cgroup.procs`, String(pid));
    }
  }

  #kill(): void {
    const pids = Deno.readTextFileSync(`${this.#layout.folders[0]}/cgroup.procs`).trim();
    for (const pid of pids === "" ? [] : pids.split("\n")) signalProcess(Number(pid), "SIGKILL");
  }

  /** Most memory that was in use at once, bytes, with the pages of files. */
  get peakBytes(): number {
    return Number(Deno.readTextFileSync(this.#layout.peak));
  }

  /** How often more memory was asked for than the limit allows. */
  get timesMet(): number {
    return this.#layout.met();
  }

  [Symbol.dispose](): void {
    for (const folder of this.#layout.folders) Deno.removeSync(folder);
  }
}

function versionOne(name: string, { memoryBytes, milliCpu, processes }: Limits): Layout {
  const folderOf = (controller: string) => `${ROOT}/${controller}/${name}`;
  const memory = folderOf("memory"), cpu = folderOf("cpu"), pids = folderOf("pids");
  return {
    folders: [memory, cpu, pids],
    settings: [
      [`${pids}/pids.max`, String(processes ?? "max")],
      [`${memory}/memory.limit_in_bytes`, String(memoryBytes)],
      [`${cpu}/cpu.cfs_period_us`, String(PERIOD_US)],
      [`${cpu}/cpu.cfs_quota_us`, String(PERIOD_US * milliCpu / 1000)],
    ],
    peak: `${memory}/memory.max_usage_in_bytes`,
    met: () => Number(Deno.readTextFileSync(`${memory}/memory.failcnt`)),
  };
}

function versionTwo(name: string, { memoryBytes, milliCpu, processes }: Limits): Layout {
  const folder = `${ROOT}/${name}`;
  return {
    folders: [folder],
    settings: [
      [`${folder}/memory.max`, String(memoryBytes)],
      [`${folder}/pids.max`, String(processes ?? "max")],
      [`${folder}/cpu.max`, `${PERIOD_US * milliCpu / 1000} ${PERIOD_US}`],
    ],
    peak: `${folder}/memory.peak`,
    met: () =>
      Number(/^max (\d+)$/m.exec(Deno.readTextFileSync(`${folder}/memory.events`))?.[1] ?? NaN),
  };
}

function controllers(): string[] {
  const file = `${ROOT}/cgroup.controllers`;
  return isFile(file) ? Deno.readTextFileSync(file).trim().split(" ") : [];
}
