/**
 * TCP_NODELAY for the connections that `fetch` makes, for which Deno 2.7.11 has no API.
 *
 * With Nagle's algorithm on, a client's second small segment waits until the first was acknowledged, which the
 * other side puts off by 40 ms where it has nothing to say itself. So it is with the first request on a TLS
 * connection: the handshake's last message is the first segment. API servers that ask for a client certificate
 * answer it with session tickets; load balancers and proxies before them are often silent.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { after } from "core/time/timer.ts";
import { systemCalls } from "./system_call.ts";

const { dup, close, setsockopt } = systemCalls({
  dup: ["i32"],
  close: ["i32"],
  setsockopt: ["i32", "i32", "i32", "buffer", "u32"],
});

const IPPROTO_TCP = 6, TCP_NODELAY = 1;
/** A new descriptor is the lowest that is free: those about it are looked at. */
const BELOW = 4, ABOVE = 12;
/** Milliseconds between two looks: short at first, then for servers that are far away. */
const FIRST_PAUSE = 1, LONGEST_PAUSE = 20;

/** Whether this program may make system calls; the wait is no reason to let it where it may not otherwise. */
const possible = mayCall();

/**
 * To be called right after `fetch`: sends at once what its connection has to send, until disposed of, which is to be
 * when the answer's head is there. A descriptor that is no TCP socket is not changed, the kernel refuses that.
 */
export function sendWithoutDelay(): Disposable {
  let pause = FIRST_PAUSE;
  const on = new Uint8Array(new Int32Array([1]).buffer);
  const look = (): void => {
    const free = lowestFreeDescriptor();
    if (free === undefined) return;
    for (let fd = Math.max(3, free - BELOW); fd < free + ABOVE; fd++) {
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, on, on.length);
    }
    pause = Math.min(LONGEST_PAUSE, pause * 1.2);
    next.again(pause);
  };
  const next = after(0, look);
  return next;
}

function lowestFreeDescriptor(): number | undefined {
  if (!possible) return undefined;
  const fd = dup(2);
  if (fd >= 0) close(fd);
  return fd >= 0 ? fd : undefined;
}

function mayCall(): boolean {
  try {
    close(dup(2));
    return true;
  } catch (error) {
    if (error instanceof KumaError) return false;
    throw error;
  }
}
