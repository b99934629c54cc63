import { encodeEndpoint } from "tests/support/traffic/endpoint.ts";
import { withinNamespace } from "tests/support/traffic/namespaces.ts";
import { checked, libc } from "tests/support/traffic/socket_calls.ts";
import { Socket } from "tests/ebpf/socket.ts";
import { type BenchPlace, type Mode, MODES, SERVER } from "./ebpf_place.ts";

const AF_INET = 2, SOCK_STREAM = 1;
const AT_ONCE = 100;

/** Microseconds by round, for each that redirects. */
export type Rounds = Record<Mode, number[][]>;

/**
 * Times connect(2) to the proxy, by a socket that blocks: on one machine the whole handshake is in it. All that redirect
 * take their turn in each round, so that a drift of the machine's speed hits all alike.
 */
export function timeConnects(place: BenchPlace, rounds: number): Rounds {
  const result: Rounds = { nothing: [], iptables: [], eBPF: [] };
  using _listeners = new DisposableStack();
  const listeners = Object.fromEntries(MODES.map((mode) => {
    const ns = place.pods[mode].name;
    return [mode, _listeners.use(Socket.listen({ ns, uid: 5678, port: 15001 }))];
  }));
  for (let round = -2; round < rounds; round++) {
    for (const mode of MODES) {
      const times = oneRound(place, mode, listeners[mode]?.fd ?? -1);
      // The first ones warm up.
      if (round >= 0) result[mode].push(times);
    }
  }
  return result;
}

function oneRound(place: BenchPlace, mode: Mode, listener: number): number[] {
  place.enter(mode);
  const fds = withinNamespace(
    place.pods[mode].name,
    () =>
      Array.from(
        { length: AT_ONCE },
        () => checked("socket", libc().socket(AF_INET, SOCK_STREAM, 0)),
      ),
  );
  const to = encodeEndpoint(
    mode === "nothing" ? { address: "127.0.0.1", port: 15001 } : { address: SERVER, port: 80 },
  );
  const times = fds.map((fd) => {
    const started = performance.now();
    checked("connect", libc().connect(fd, to, to.length));
    return (performance.now() - started) * 1000;
  });
  for (const fd of fds) {
    libc().close(checked("accept", libc().accept4(listener, null, null, 0)));
    libc().close(fd);
  }
  return times;
}
