/**
 * The system calls that the runtime has no API for. Every function here follows the kernel's own convention:
 * a result ≥ 0, or the negative errno.
 *
 * @module
 */
import { cString } from "./c_library.ts";
import { systemCalls } from "./system_call.ts";

const kernel = systemCalls({
  setns: ["i32", "i32"],
  unshare: ["i32"],
  mount: ["buffer", "buffer", "buffer", "usize", "pointer"],
  openat: ["i32", "buffer", "i32", "i32"],
  close: ["i32"],
  read: ["i32", "buffer", "usize"],
  write: ["i32", "buffer", "usize"],
  memfd_create: ["buffer", "u32"],
  fstatfs: ["i32", "buffer"],
  ioctl: ["i32", "usize", "buffer"],
  socket: ["i32", "i32", "i32"],
  bind: ["i32", "buffer", "u32"],
  connect: ["i32", "buffer", "u32"],
  geteuid: [],
  getsockopt: ["i32", "i32", "i32", "buffer", "buffer"],
});

/** The current directory, where a call takes a folder to begin at. */
const AT_FDCWD = -100;

/** Errno values that callers tell apart; the numbers are those of every Linux architecture we build for. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EACCES: 13,
  EEXIST: 17,
  ENODEV: 19,
  ENOTDIR: 20,
  EINVAL: 22,
  EADDRINUSE: 98,
} as const;

const ERRNO_TEXT: Readonly<Record<number, string>> = {
  1: "operation not permitted",
  2: "no such file or directory",
  7: "argument list too long",
  9: "bad file descriptor",
  12: "out of memory",
  13: "permission denied",
  16: "device or resource busy",
  17: "file exists",
  19: "no such device",
  20: "not a directory",
  21: "is a directory",
  22: "invalid argument",
  24: "too many open files",
  28: "no space left on device",
  40: "too many levels of symbolic links",
  67: "link has been severed",
  75: "value too large",
  95: "operation not supported",
  97: "address family not supported",
  98: "address already in use",
  99: "cannot assign requested address",
  101: "network is unreachable",
  110: "connection timed out",
  111: "connection refused",
  113: "no route to host",
};

/** Words for a failed call's result: `errnoText(-2)` and `errnoText(2)` are "no such file or directory". */
export function errnoText(errno: number): string {
  const positive = Math.abs(errno);
  return ERRNO_TEXT[positive] ?? `errno ${positive}`;
}

/**
 * File descriptor of a fresh open, read-only and closed on exec; or the negative errno. Never waits: a
 * FIFO in the place of a file opens at once.
 */
export function openReadOnly(path: string): number {
  const O_NONBLOCK = 0o4000, O_CLOEXEC = 0o2000000;
  return kernel.openat(AT_FDCWD, cString(path), O_NONBLOCK | O_CLOEXEC, 0);
}

/**
 * Whether something is at the path, links followed: 0, or the negative errno. For places where most often nothing is: the
 * runtime's own calls make an error with its words of each, which takes ten times as long.
 */
export function lookFor(path: string): number {
  return look(path, 0);
}

/** {@linkcode lookFor} what has this name: a link counts, wherever it leads. */
export function lookForName(path: string): number {
  // As asm-generic/fcntl.h has it for x86-64; arm64 has its own.
  return look(path, Deno.build.arch === "x86_64" ? 0o400000 : 0o100000);
}

/** Whether the result of a look says that nothing is there; any other errno says nothing about that. */
export function isAbsence(result: number): boolean {
  return result === -ERRNO.ENOENT || result === -ERRNO.ENOTDIR;
}

function look(path: string, flags: number): number {
  const O_PATH = 0o10000000, O_CLOEXEC = 0o2000000;
  const fd = kernel.openat(AT_FDCWD, cString(path), O_PATH | O_CLOEXEC | flags, 0);
  return fd < 0 ? fd : kernel.close(fd);
}

/** Closes a descriptor that a function of this module gave. */
export function close(fd: number): number {
  return kernel.close(fd);
}

/** Reads at most the buffer's length and gives the count, 0 at the end; or the negative errno. */
export function read(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
  return kernel.read(fd, buffer, BigInt(buffer.length));
}

/** Writes at most the whole buffer and gives the count, or the negative errno. */
export function write(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
  return kernel.write(fd, buffer, BigInt(buffer.length));
}

/** A file in memory alone, closed on exec, or the negative errno; `name` is only seen in /proc (memfd_create(2)). */
export function memoryFile(name: string): number {
  const MFD_CLOEXEC = 1;
  return kernel.memfd_create(cString(name), MFD_CLOEXEC);
}

/** Magic number of the file system that holds the open file (statfs(2) `f_type`), or the negative errno. */
export function fileSystemType(fd: number): number {
  const buffer = new BigInt64Array(32);
  const result = kernel.fstatfs(fd, buffer);
  return result < 0 ? result : Number(BigInt.asUintN(32, buffer[0] ?? 0n));
}

/**
 * Whether the file system that holds the open file can be written to, as far as it says itself: undefined where it can,
 * else why not. Throws nothing; a descriptor that is not open gives the errno's text.
 */
export function unwritable(fd: number): string | undefined {
  // struct statfs: f_bavail is its fifth word and f_flags its eleventh, on both architectures that we build for.
  const AVAILABLE = 4, FLAGS = 10, ST_RDONLY = 1n;
  const buffer = new BigInt64Array(32);
  const result = kernel.fstatfs(fd, buffer);
  if (result < 0) return errnoText(result);
  if (((buffer[FLAGS] ?? 0n) & ST_RDONLY) !== 0n) return "it is on a read-only file system";
  // One that counts no blocks has none available either, and may be written to.
  return buffer[2] !== 0n && buffer[AVAILABLE] === 0n ? "its file system is full" : undefined;
}

/** Moves the main thread into a namespace; `type` is a CLONE_ flag that the descriptor must fit. */
export function setns(fd: number, type: number): number {
  return kernel.setns(fd, type);
}

/** Gives the main thread new namespaces by CLONE_ flags. */
export function unshare(flags: number): number {
  return kernel.unshare(flags);
}

/** mount(2) without data. */
export function mount(source: string, target: string, type: string, flags: number): number {
  return kernel.mount(cString(source), cString(target), cString(type), BigInt(flags), null);
}

/**
 * Connects a datagram socket to an address of IPv4, as a number in host order; nothing is sent by that. Gives 0 or the
 * negative errno.
 */
export function connectIpv4(socket: number, address: number, port: number): number {
  const AF_INET = 2;
  // struct sockaddr_in: the family in the machine's order (both that we build for are little-endian), the rest in the
  // network's.
  const name = new Uint8Array(16);
  const view = new DataView(name.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  view.setUint32(4, address);
  return kernel.connect(socket, name, name.length);
}

/** A datagram socket of the family (2 IPv4, 10 IPv6), in the netns that the main thread is in. */
export function datagramSocket(family: number): number {
  const SOCK_DGRAM = 2, SOCK_CLOEXEC = 0o2000000;
  return kernel.socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/** A netlink socket of the protocol (netlink(7)), in the netns that the main thread is in. */
export function netlinkSocket(protocol: number): number {
  const AF_NETLINK = 16, SOCK_RAW = 3, SOCK_CLOEXEC = 0o2000000;
  return kernel.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
}

/**
 * A Unix socket that holds an abstract name of the netns that the main thread is in, or the negative errno
 * (`EADDRINUSE` where another socket holds it). The runtime's own call refuses such names.
 */
export function holdAbstractName(name: string): number {
  const AF_UNIX = 1;
  const fd = datagramSocket(AF_UNIX);
  if (fd < 0) return fd;
  // struct sockaddr_un: the family, a NUL for "abstract", and the name without an end.
  const address = new Uint8Array([AF_UNIX, 0, 0, ...new TextEncoder().encode(name)]);
  const result = kernel.bind(fd, address, address.length);
  if (result >= 0) return fd;
  close(fd);
  return result;
}

/** ioctl(2) with a structure that is read and written in place. */
export function ioctl(fd: number, request: number, argument: Uint8Array<ArrayBuffer>): number {
  return kernel.ioctl(fd, BigInt(request), argument);
}

/** Effective user ID of this process. */
export function effectiveUserId(): number {
  return kernel.geteuid();
}

/** Reads a socket's option into the buffer, which is as long as the option; or the negative errno. */
export function getsockopt(
  fd: number,
  level: number,
  option: number,
  value: Uint8Array<ArrayBuffer>,
): number {
  const length = new Uint32Array([value.length]);
  return kernel.getsockopt(fd, level, option, value, length);
}
