import { checked, libc } from "./socket_calls.ts";

const POLLIN = 1, POLLOUT = 4;

/** One descriptor that {@linkcode pollReadable} looks at. */
export class Watch {
  /** Whether something happened to it during the last poll, an error included. */
  ready = false;

  constructor(readonly fd: number, readonly direction: "in" | "out") {}
}

/** Waits until something happens to one of the descriptors, at most `milliseconds`. */
export function pollReadable(watches: readonly Watch[], milliseconds: number): void {
  const bytes = new DataView(new ArrayBuffer(watches.length * 8));
  for (const [index, { fd, direction }] of watches.entries()) {
    bytes.setInt32(index * 8, fd, true);
    bytes.setInt16(index * 8 + 4, direction === "in" ? POLLIN : POLLOUT, true);
  }
  const buffer = new Uint8Array(bytes.buffer);
  checked("poll", libc().poll(buffer, BigInt(watches.length), milliseconds));
  for (const [index, watch] of watches.entries()) {
    watch.ready = bytes.getInt16(index * 8 + 6, true) !== 0;
  }
}
