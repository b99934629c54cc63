/**
 * Lets the TLS of a program that lives for milliseconds take its random numbers from the kernel.
 *
 * The runtime's TLS library (AWS-LC) gathers the seed of its random number generator from timing
 * jitter: 20 ms of pure computing before the first handshake, in every process (measured with Deno
 * 2.7.11; nearly all of a first `fetch` over HTTPS, and as much as all else that a CNI call does). It
 * has a second mode, for machines whose kernel tells of virtual machine snapshots in the device
 * `/dev/sysgenid`: there the seed comes from getrandom(2), as in nearly every other program. No mainline
 * kernel has that device. With `/` in its place, which is on every node and can be mapped into memory on none,
 * the library is in that mode and cannot tell of snapshots, so that it asks getrandom(2) before each use: some
 * microseconds a connection. A file that can be mapped would do too, but could be cut short by others.
 *
 * @module
 */

import { Buffer } from "node:buffer";

const DEVICE = "/dev/sysgenid\0";
const INSTEAD = "/".padEnd(DEVICE.length, "\0");

/** Names this edit in build keys; changes with it. */
export const KERNEL_ENTROPY_EDIT = `${DEVICE} -> ${INSTEAD}`;

/**
 * Changes `runtime`, a denort, in place: the same length, nothing else moves. Gives false, and changes
 * nothing, where the name is not there exactly once: another version of the library, to be looked at anew.
 */
export function takeEntropyFromKernel(runtime: Uint8Array): boolean {
  const bytes = new TextEncoder().encode(DEVICE);
  // Buffer searches in native code; a loop over 100 MB would take a second.
  const view = Buffer.from(runtime.buffer, runtime.byteOffset, runtime.byteLength);
  const at = view.indexOf(bytes);
  if (at < 0 || view.indexOf(bytes, at + 1) >= 0) return false;
  runtime.set(new TextEncoder().encode(INSTEAD), at);
  return true;
}
