/**
 * The BPF programs beside iptables beside nothing, in one run: connecting to the proxy, small requests through a relay
 * in its place, and bulk. `deno run -A tests/bench/ebpf_bench.ts` prints them alone; exit code 1 for a missed bound.
 *
 * @module
 */
import { percentile } from "./measure.ts";
import { type Rounds, timeConnects } from "./ebpf_connect.ts";
import { BenchPlace, type Mode, MODES } from "./ebpf_place.ts";
import type { Traffic } from "./ebpf_chain.ts";
import { timeRelay, type Times, type Turns } from "./ebpf_relay.ts";

const CONNECT_ROUNDS = 100;
const SMALL: Traffic = { kind: "echo", size: 100 };
const SMALL_TURNS: Turns = { rounds: 7, turns: 40, count: 100 };
const BULK: Traffic = { kind: "bulk", size: 65536 };
const BULK_TURNS: Turns = { rounds: 3, turns: 1, count: 4000 };

/** Bounds of the issue that set them. */
const MAX_CONNECT_TO_NOTHING = 1.15, MAX_CONNECT_TO_IPTABLES = 0.8;
const MAX_JOINED_TO_IPTABLES = 0.65;
const MAX_LOAD_MS = 300;

/** Measures in a process of its own, which moves into a cgroup and mount namespace; gives the missed bounds. */
export async function ebpfBench(): Promise<number> {
  const path = new URL(import.meta.url).pathname;
  const args = ["run", "--allow-all", "--no-check", path];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "inherit" });
  const { code } = await child.spawn().status;
  return code === 0 ? 0 : 1;
}

async function measureAll(print: (text: string) => void): Promise<number> {
  await using place = await BenchPlace.create();
  const verdicts: boolean[] = [];
  const bound = (text: string, value: number, most: number) => {
    verdicts.push(value <= most);
    print(`  ${value <= most ? "ok" : "MISSED"}: ${text}: ${value.toFixed(2)} <= ${most}\n`);
  };
  print("## eBPF\n\n");
  const loads = Array.from({ length: 9 }, () => {
    const started = performance.now();
    place.redirect({ accelerate: false });
    return performance.now() - started;
  }).sort((a, b) => a - b);
  bound("load all programs and a pod, ms (p50)", percentile(loads, 0.5), MAX_LOAD_MS);

  const connects = timeConnects(place, CONNECT_ROUNDS);
  show("connect", connects, print);
  bound("connect, eBPF to nothing", ratio(connects, "nothing"), MAX_CONNECT_TO_NOTHING);
  bound("connect, eBPF to iptables", ratio(connects, "iptables"), MAX_CONNECT_TO_IPTABLES);

  show("small request", together(await timeRelay(place, SMALL, SMALL_TURNS)), print);
  showBulk("bulk", together(await timeRelay(place, BULK, BULK_TURNS)), print);
  place.redirect({ accelerate: true });
  const rounds = await timeRelay(place, SMALL, SMALL_TURNS);
  show("small request, sockets joined", together(rounds), print);
  const ratios = rounds.map((times) => ratio(together([times]), "iptables")).sort((a, b) => a - b);
  print(`joined to iptables, by connection: ${ratios.map((one) => one.toFixed(2)).join(" ")}\n`);
  bound("small request, joined to iptables (p50)", percentile(ratios, 0.5), MAX_JOINED_TO_IPTABLES);
  showBulk("bulk, sockets joined", together(await timeRelay(place, BULK, BULK_TURNS)), print);
  return verdicts.filter((kept) => !kept).length;
}

/** The times of several connections as those of one. */
function together(rounds: readonly Times[]): Rounds {
  const of = (mode: Mode) => rounds.map((times) => times[mode]);
  return { nothing: of("nothing"), iptables: of("iptables"), eBPF: of("eBPF") };
}

function show(what: string, rounds: Rounds, print: (text: string) => void): void {
  for (const mode of MODES) {
    const all = rounds[mode].flat().sort((a, b) => a - b);
    const [p50, p99] = [0.5, 0.99].map((share) => percentile(all, share).toFixed(1));
    const second = 1e6 * all.length / all.reduce((sum, time) => sum + time, 0);
    print(`${what}, ${mode}: p50 ${p50} us, p99 ${p99} us, ${second.toFixed(0)} a second\n`);
  }
}

function showBulk(what: string, rounds: Rounds, print: (text: string) => void): void {
  for (const mode of MODES) {
    const best = Math.min(...rounds[mode].flat());
    print(
      `${what}, ${mode}: ${(BULK_TURNS.count * BULK.size * 8 / best / 1000).toFixed(1)} Gbit/s\n`,
    );
  }
}

/** The ratio of both medians; as all took their turns, the machine's moods hit both. */
function ratio(rounds: Rounds, other: Mode): number {
  const median = (mode: Mode) => percentile(rounds[mode].flat().sort((a, b) => a - b), 0.5);
  return median("eBPF") / median(other);
}

if (import.meta.main) {
  const write = (text: string) => void Deno.stdout.writeSync(new TextEncoder().encode(text));
  Deno.exitCode = await measureAll(write) === 0 ? 0 : 1;
}
