import { NativeProgram } from "tests/support/native.ts";
import { type BenchPlace, type Mode, MODES, SERVER } from "./ebpf_place.ts";
import { RelayChain, type Traffic } from "./ebpf_chain.ts";

const PEER = new URL("./ebpf_peer.c", import.meta.url);

/** Times by what redirects. */
export type Times = Record<Mode, number[]>;

/** How often something is measured. */
export interface Turns {
  /** Connections, one after the other. */
  readonly rounds: number;
  /** Turns that each mode takes in a round: all are so short that what else the machine does hits all alike. */
  readonly turns: number;
  /** Messages of a turn. */
  readonly count: number;
}

/**
 * Times messages of an application through the sidecar to another application of the pod: microseconds of each
 * request, or of all that goes one way in a turn. One result a round.
 */
export async function timeRelay(
  place: BenchPlace,
  traffic: Traffic,
  { rounds, turns, count }: Turns,
): Promise<Times[]> {
  await using program = await NativeProgram.compile(PEER);
  const results: Times[] = [];
  for (let round = 0; round < rounds; round++) {
    const times: Times = { nothing: [], iptables: [], eBPF: [] };
    await using chains = new AsyncDisposableStack();
    const ready: [Mode, RelayChain][] = [];
    for (const mode of MODES) {
      place.enter(mode);
      const ns = place.pods[mode].name;
      const to = mode === "nothing"
        ? { address: "127.0.0.1", port: 15001 }
        : { address: SERVER, port: 80 };
      const chain = await RelayChain.start({ program: program.path, ns, to, traffic });
      ready.push([mode, chains.use(chain)]);
    }
    for (let turn = 0; turn < turns; turn++) {
      for (const [mode, chain] of ready) times[mode].push(...await chain.send(count));
    }
    results.push(times);
  }
  return results;
}
