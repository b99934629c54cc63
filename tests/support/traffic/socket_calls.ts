/**
 * The socket calls of the C library. The runtime's own sockets give no file descriptor, so neither
 * SO_ORIGINAL_DST nor the owner nor the namespace of a socket could be had from them.
 *
 * Every call is synchronous on the calling thread and every socket is non-blocking; a failed call throws
 * {@linkcode SocketError}.
 *
 * @module
 */

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  recvfrom: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "buffer"], result: "isize" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
  open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  setns: { parameters: ["i32", "i32"], result: "i32" },
  setfsuid: { parameters: ["u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  syscall: { parameters: ["i64", "i64", "i64", "i64"], result: "i64" },
  inet_pton: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  inet_ntop: { parameters: ["i32", "buffer", "buffer", "u32"], result: "pointer" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
// Opened when the module loads, not inside a test, which would have to close it again.
const library = Deno.dlopen("libc.so.6", SYMBOLS);

/** The C library's calls. */
export function libc(): Libc {
  return library.symbols;
}

/** A failed call with its errno. */
export class SocketError extends Error {
  override readonly name = "SocketError";
  readonly errno: number;

  constructor(call: string, errno: number) {
    super(`${call} failed: errno ${errno}`);
    this.errno = errno;
  }
}

/** Errno values that a flow's outcome is told by. */
export const ERRNO = {
  EAGAIN: 11,
  EINPROGRESS: 115,
  ECONNREFUSED: 111,
  ECONNRESET: 104,
  EHOSTUNREACH: 113,
  ENETUNREACH: 101,
  EADDRNOTAVAIL: 99,
} as const;

/** Errno of the call that has just failed. */
export function errno(): number {
  const pointer = libc().__errno_location();
  return pointer === null ? 0 : new Deno.UnsafePointerView(pointer).getInt32();
}

/** The result of a call, or a {@linkcode SocketError} where it is negative. */
export function checked(call: string, result: number | bigint): number {
  if (result < 0) throw new SocketError(call, errno());
  return Number(result);
}

/**
 * Runs synchronous `work` as a user: the thread's real UID, which BPF programs see, and its file-system UID, which
 * iptables sees of the sockets that are made. The effective one stays root's. The C library's own calls would
 * change every thread (nptl(7)), the kernel's change this one.
 */
export function asUser<T>(uid: number, work: () => T): T {
  const SYS_SETRESUID = Deno.build.arch === "aarch64" ? 147n : 117n;
  const real = (id: number) =>
    checked("setresuid", libc().syscall(SYS_SETRESUID, BigInt(id), -1n, -1n));
  real(uid);
  libc().setfsuid(uid);
  try {
    return work();
  } finally {
    // This one first: the kernel gives the capabilities for files back when this UID becomes 0, and the other call
    // would make it 0 in passing.
    libc().setfsuid(0);
    real(0);
  }
}

/** A text as the C library takes it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
