/**
 * One loader at a time: init containers of several pods and the DaemonSet may start together, and what one of them
 * does follows from what it finds. The lock is on our folder in the BPF file system, which all of them share.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { delay } from "core/time/clock.ts";
import { close, errnoText, openReadOnly } from "../libc.ts";
import { requireTrustedFolder } from "../trusted_file.ts";
import { systemCalls } from "../system_call.ts";
import { makeFolder } from "./bpffs.ts";
import type { Pins } from "./pins.ts";

const calls = systemCalls({ flock: ["i32", "i32"] });

const LOCK_EX = 2, LOCK_NB = 4;
const EWOULDBLOCK = 11;
const LIMIT_MS = 30_000, POLL_MS = 10;

/**
 * Does synchronous work while no other loader does any. Our folder is there meanwhile, unless the work removes it.
 *
 * @throws {KumaError} `KUMA-BPF-021` where another one takes longer than half a minute; `KUMA-HOST-131` where others can
 *   change our folder, since a BPF file system that was mounted without a mode is everybody's; what the work throws.
 */
export async function alone<T>(pins: Pins, work: () => T, limitMs = LIMIT_MS): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    makeFolder(pins.root);
    requireTrustedFolder(pins.root);
    const fd = openReadOnly(pins.root);
    if (fd >= 0) {
      try {
        const taken = calls.flock(fd, LOCK_EX | LOCK_NB);
        // Who held it may have removed the folder, and a third one made it anew.
        if (taken >= 0 && isStill(pins.root, fd)) return work();
        if (taken < 0 && taken !== -EWOULDBLOCK) throw failed(pins.root, errnoText(taken));
      } finally {
        close(fd);
      }
    }
    if (performance.now() > deadline) throw failed(pins.root, "another loader holds it");
    await delay(POLL_MS);
  }
}

function isStill(path: string, fd: number): boolean {
  try {
    return Deno.statSync(path).ino === Deno.statSync(`/proc/self/fd/${fd}`).ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function failed(path: string, why: string): KumaError {
  return new KumaError("KUMA-BPF-021", `cannot lock ${path}: ${why}`);
}
