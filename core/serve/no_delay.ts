/**
 * TCP_NODELAY for what a TLS listener accepts, for which Deno 2.7.11 has no API.
 *
 * With Nagle's algorithm on, the second small segment that this side sends waits until the other side
 * acknowledges the first, which it puts off by 40 ms. Session tickets of TLS 1.3 are such a first segment:
 * two of three first requests on a connection waited (measured), and an API server that seldom creates
 * pods makes a connection for each. So did every answer of more than one TLS record.
 *
 * Linux hands the option down from a listening socket to those it accepts. The descriptor is found by
 * asking each for its address: `/proc/self/fd` is closed to programs without all permissions.
 *
 * @module
 */
const CALLS = {
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
/** Descriptors are given out from below: far more than there are. */
const MAX_DESCRIPTOR = 65_536;

/**
 * To be called right after listening on this port of 127.0.0.1, before anything is accepted. False where
 * the socket was not found or the kernel refused. Throws where there is no C library.
 */
export function acceptWithoutDelay(port: number): boolean {
  // Once for each certificate: not worth keeping open.
  const libc = Deno.dlopen("libc.so.6", CALLS);
  try {
    const one = new Uint8Array(new Int32Array([1]).buffer);
    const fd = listenerOf(port, libc.symbols.getsockname);
    if (fd === undefined) return false;
    return libc.symbols.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one, one.length) === 0;
  } finally {
    libc.close();
  }
}

type Calls = Deno.DynamicLibrary<typeof CALLS>["symbols"];

/** The descriptor that is bound to 127.0.0.1 and this port: struct sockaddr_in, ip(7). */
function listenerOf(port: number, getsockname: Calls["getsockname"]): number | undefined {
  const address = new Uint8Array(16);
  const wanted = [port >> 8, port & 0xff, 127, 0, 0, 1];
  for (let fd = 0; fd < MAX_DESCRIPTOR; fd++) {
    const size = new Uint8Array(new Uint32Array([address.length]).buffer);
    if (getsockname(fd, address, size) !== 0) continue;
    if (wanted.every((byte, at) => address[2 + at] === byte)) return fd;
  }
  return undefined;
}
