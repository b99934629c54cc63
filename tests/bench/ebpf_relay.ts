import { type BenchPlace, type Mode, MODES, SERVER } from "./ebpf_place.ts";
import type { Rounds } from "./ebpf_connect.ts";

const PEER = new URL("./ebpf_peer.ts", import.meta.url).pathname;
const POD = "10.98.0.2";

/** What goes through the relay. */
export interface Traffic {
  readonly kind: "echo" | "bulk";
  readonly count: number;
  readonly size: number;
}

/**
 * Times requests of an application through the sidecar to another application of the pod, each a program of its own on
 * one processor: microseconds of each request, or of all that goes one way.
 */
export async function timeRelay(
  place: BenchPlace,
  traffic: Traffic,
  rounds: number,
): Promise<Rounds> {
  const result: Rounds = { nothing: [], iptables: [], eBPF: [] };
  for (let round = 0; round < rounds; round++) {
    for (const mode of MODES) result[mode].push(await oneRound(place, mode, traffic));
  }
  return result;
}

async function oneRound(place: BenchPlace, mode: Mode, traffic: Traffic): Promise<number[]> {
  place.enter(mode);
  const start = (role: string) => {
    const { kind, count, size } = traffic;
    const to = mode === "nothing" ? "127.0.0.1:15001" : SERVER;
    // Scheduling between processors would hide everything else.
    const pinned = ["taskset", "--cpu-list", "1", Deno.execPath(), "run", "-A", "--no-check", PEER];
    return new Deno.Command("nsenter", {
      args: [
        `--net=/run/netns/${place.pods[mode].name}`,
        ...pinned,
        ...[role, kind, to, POD, String(count), String(size)],
      ],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  };
  const server = await listening(start("server"));
  const relay = await listening(start("relay"));
  const client = await start("client").output();
  if (!client.success) {
    server.kill();
    relay.kill();
  }
  await Promise.all([server.status, relay.status]);
  if (!client.success) throw new Error(`the client of ${mode} ended with ${client.code}`);
  return JSON.parse(new TextDecoder().decode(client.stdout));
}

async function listening(child: Deno.ChildProcess): Promise<Deno.ChildProcess> {
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  if (done) throw new Error("a program ended before it listened");
  await reader.cancel();
  return child;
}
