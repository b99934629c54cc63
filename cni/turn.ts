/**
 * One kuma-cni in a pod at a time. Runtimes call a plugin once a container at a time, but a call that was
 * given up may still run when the next one starts, and both would put the same rules in.
 *
 * The turn is an abstract Unix socket, whose names belong to a network namespace: no file is left, and the
 * kernel gives it back however the process ends. (The namespace itself is what legacy iptables locks.)
 *
 * @module
 */
import { ERRNO, errnoText, holdAbstractName } from "core/host/libc.ts";
import type { Logger } from "core/log/logger.ts";
import { delay } from "core/time/clock.ts";
import { turnLimit } from "./deadline.ts";

const NAME = "kuma-cni/turn";
/** A call takes some 50 ms. Whoever holds the name longer is none of ours, and must not stop us. */
const LIMIT_MS = 3000;
const POLL_MS = 10;

/** Waits for the turn in the namespace that the main thread is in; holds it until the process ends. */
export async function takePodTurn(log: Logger, limitMs = turnLimit(LIMIT_MS)): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const held = holdAbstractName(NAME);
    if (held >= 0) return;
    if (held !== -ERRNO.EADDRINUSE || performance.now() > deadline) {
      log.warn("going on beside whoever else works on this pod", { reason: errnoText(held) });
      return;
    }
    await delay(POLL_MS);
  }
}
