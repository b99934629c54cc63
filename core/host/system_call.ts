/**
 * System calls whose own return value is the kernel's: ≥ 0, or the negative errno.
 *
 * Why not the C library's functions: they give -1 and leave the reason in `errno`, which then has to be fetched by a
 * second call. What the runtime does between the two (a collection of garbage, another thread's futex) can overwrite
 * it; under load that was seen as a wrong ENOENT. The library's `syscall` does the same. So the instruction itself is
 * called: some thirty bytes of machine code, which pass on the arguments and what comes back, in a page of memory
 * that is written first and executable only from then on. The runtime's own compiler needs as much of the kernel.
 *
 * It is also faster to begin with: the runtime compiles a stub for each function of a library that is opened, which
 * costs half a millisecond each (measured); a call costs 4 µs instead of 0.3.
 *
 * Two facts that callers rely on: calls run on the main thread, which is the thread that starts children
 * and runs synchronous file operations; and buffers are only used during the call.
 *
 * Permission: `--allow-ffi` without a path. A path would be resolved against the working directory
 * before it is opened, and the library's place differs from node to node.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { lazyCLibrary } from "./c_library.ts";

/** The numbers on x86-64 and arm64: <asm/unistd_64.h> and <asm-generic/unistd.h>. */
const NUMBERS = {
  bind: [49, 200],
  connect: [42, 203],
  capget: [125, 90],
  chdir: [80, 49],
  chroot: [161, 51],
  close: [3, 57],
  dup: [32, 23],
  execve: [59, 221],
  exit_group: [231, 94],
  flock: [73, 32],
  fchownat: [260, 54],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fsopen: [430, 430],
  fstatfs: [138, 44],
  getrandom: [318, 278],
  geteuid: [107, 175],
  getsockname: [51, 204],
  getsockopt: [55, 209],
  ioctl: [16, 29],
  memfd_create: [319, 279],
  mkdirat: [258, 34],
  mount: [165, 40],
  newfstatat: [262, 79],
  mount_setattr: [442, 442],
  open_tree: [428, 428],
  openat: [257, 56],
  ppoll: [271, 73],
  read: [0, 63],
  recvfrom: [45, 207],
  renameat2: [316, 276],
  sendto: [44, 206],
  setfsuid: [122, 151],
  setns: [308, 268],
  setsockopt: [54, 208],
  socket: [41, 198],
  symlinkat: [266, 36],
  unlinkat: [263, 35],
  unshare: [272, 97],
  write: [1, 64],
} as const;

/** What is called with (number, up to six arguments) and does the call. */
const CODE = {
  // System V ABI: rdi, rsi, rdx, rcx, r8, r9 and the stack; the kernel's: rax and rdi, rsi, rdx, r10, r8, r9.
  x86_64: new Uint8Array([
    ...[0xf3, 0x0f, 0x1e, 0xfa], // endbr64
    ...[0x48, 0x89, 0xf8], // mov rax, rdi
    ...[0x48, 0x89, 0xf7], // mov rdi, rsi
    ...[0x48, 0x89, 0xd6], // mov rsi, rdx
    ...[0x48, 0x89, 0xca], // mov rdx, rcx
    ...[0x4d, 0x89, 0xc2], // mov r10, r8
    ...[0x4d, 0x89, 0xc8], // mov r8, r9
    ...[0x4c, 0x8b, 0x4c, 0x24, 0x08], // mov r9, [rsp + 8]
    ...[0x0f, 0x05], // syscall
    ...[0xc3], // ret
  ]),
  // AAPCS64: x0 to x6; the kernel's: x8 and x0 to x5. mprotect(2) makes the processor see what was written.
  aarch64: new Uint8Array(
    new Uint32Array([
      0xd503245f, // bti c
      0xaa0003e8, // mov x8, x0
      0xaa0103e0, // mov x0, x1
      0xaa0203e1, // mov x1, x2
      0xaa0303e2, // mov x2, x3
      0xaa0403e3, // mov x3, x4
      0xaa0503e4, // mov x4, x5
      0xaa0603e5, // mov x5, x6
      0xd4000001, // svc #0
      0xd65f03c0, // ret
    ]).buffer,
  ),
} as const;

/**
 * One function for both calls. For a function without structures the runtime compiles a stub when it is opened, which takes
 * longer (0.3 ms) than all calls of it here; a structure of one word is passed as the word (System V ABI, AAPCS64).
 */
const libc = lazyCLibrary({
  syscall: {
    parameters: [{ struct: ["usize"] }, "usize", "usize", "usize", "usize", "isize", "usize"],
    result: "isize",
  },
});

const PAGE = 4096;

// deno-lint-ignore no-explicit-any -- a pointer's type names one signature, and this code serves all
let code: Deno.PointerObject<any> | undefined;

/** Name of a system call that can be made. */
export type SystemCall = keyof typeof NUMBERS;

type Signature = readonly Deno.NativeType[];
type Arguments<S extends Signature> = Deno.ToNativeParameterTypes<S>;

/** Calls by name; each gives what the kernel gives. */
export type SystemCalls<S extends Partial<Record<SystemCall, Signature>>> = {
  readonly [K in keyof S]: (...given: S[K] extends Signature ? Arguments<S[K]> : never) => number;
};

/**
 * Calls with the types of their arguments, which are at most six. Nothing is opened before the first is made.
 *
 * @throws {KumaError} from the calls: `KUMA-HOST-110` where there is no C library, or no executable memory.
 */
export function systemCalls<const S extends Partial<Record<SystemCall, Signature>>>(
  signatures: S,
): SystemCalls<S> {
  const calls: Record<string, (...given: unknown[]) => number> = {};
  for (const [name, parameters] of Object.entries(signatures as Record<string, Signature>)) {
    calls[name] = systemCall(name as SystemCall, parameters);
  }
  return calls as SystemCalls<S>;
}

/** Whether one was made before, so that another one costs next to nothing. */
export function isReady(): boolean {
  return code !== undefined;
}

function systemCall(name: SystemCall, parameters: Signature): (...given: unknown[]) => number {
  let call: { call(...given: unknown[]): unknown } | undefined;
  return (...given) => {
    call ??= new Deno.UnsafeFnPointer<Deno.ForeignFunction>(theCode(), {
      parameters: ["usize", ...parameters],
      result: "isize",
    });
    const [x86, arm] = NUMBERS[name];
    return Number(call.call(Deno.build.arch === "x86_64" ? x86 : arm, ...given as never[]));
  };
}

// deno-lint-ignore no-explicit-any -- as above
function theCode(): Deno.PointerObject<any> {
  if (code !== undefined) return code;
  const PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20;
  const { syscall } = libc();
  const [mmap, mprotect] = Deno.build.arch === "x86_64"
    ? [word(9n), word(10n)]
    : [word(222n), word(226n)];
  const size = BigInt(PAGE);
  const rights = (...bits: number[]) => BigInt(bits.reduce((all, bit) => all | bit));
  const kind = rights(MAP_PRIVATE, MAP_ANONYMOUS);
  const place = syscall(mmap, 0n, size, rights(PROT_READ, PROT_WRITE), kind, -1n, 0n);
  const page = place < 0n ? null : Deno.UnsafePointer.create(place);
  if (page === null) throw refused();
  new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(page, PAGE)).set(CODE[Deno.build.arch]);
  const done = syscall(mprotect, place, size, rights(PROT_READ, PROT_EXEC), 0n, 0n, 0n);
  if (done !== 0n) throw refused();
  return code = page;
}

/** A structure of one word. */
function word(value: bigint): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new BigUint64Array([value]).buffer);
}

function refused(): KumaError {
  return new KumaError("KUMA-HOST-110", "the kernel gives no memory for the code of system calls", {
    hint: "take back what forbids this process executable memory, such as MemoryDenyWriteExecute=",
  });
}
