/**
 * Proves the redirection with a real connection.
 *
 * The rule that is relied on (KUMA_MESH_OUTBOUND) sends what the kuma-dp user sends over loopback, to
 * another address than 127.0.0.1 or ::1, back through the inbound listener; without it nothing answers
 * at the passthrough address.
 *
 * @module
 */
import { connect } from "node:net";
import { errorText, KumaError } from "core/errors.ts";
import { type Logger, silentLogger } from "core/log/logger.ts";
import { PASSTHROUGH_ADDRESSES } from "core/proxy/config.ts";
import type { Family } from "core/proxy/resolved.ts";
import { delay } from "core/time/clock.ts";
import { after } from "core/time/timer.ts";

const ADDRESSES = {
  ipv4: { local: "127.0.0.1", passthrough: PASSTHROUGH_ADDRESSES.ipv4 },
  ipv6: { local: "::1", passthrough: PASSTHROUGH_ADDRESSES.ipv6 },
} as const;

/**
 * Nothing redirects where the kernel refuses at once: no rules are there, or they are not about this user. The rules are in
 * before a container starts, so waiting as Kuma 2.9 does, 10 s for each family, would only hide the reason.
 */
const REFUSALS = 2;
const REFUSAL_PAUSE_MS = 250;

/** The kernel refused: nobody listens at the passthrough address itself. */
class Refused extends Error {}

/** How patient the check is; the defaults are those of Kuma 2.9. */
export interface ValidationOptions {
  readonly logger?: Logger;
  /** Tries after the first, 10; but {@linkcode REFUSALS} where the kernel refuses: that is no matter of time. */
  readonly retries?: number;
  /** Milliseconds between tries, 1000. */
  readonly pauseMs?: number;
  /** Milliseconds until one try is given up, 50. */
  readonly timeoutMs?: number;
}

/**
 * Listens on `port` and connects to the passthrough address of the family until a connection arrives
 * there and brings back what the listener writes: the listener's address as text.
 *
 * @throws KumaError `KUMA-TP-026` where the port cannot be bound, `KUMA-TP-025` after the last try.
 */
export async function validateRedirection(
  family: Family,
  port: number,
  options: ValidationOptions = {},
): Promise<void> {
  const { logger = silentLogger, retries = 10, pauseMs = 1000, timeoutMs = 50 } = options;
  const { local } = ADDRESSES[family];
  const listener = listen(local, port);
  let refusals = 0;
  const served = serve(listener, new TextEncoder().encode(local));
  try {
    for (let attempt = 1;; attempt++) {
      try {
        return await probe(family, timeoutMs);
      } catch (thrown) {
        if (thrown instanceof Refused && ++refusals > REFUSALS || attempt > retries) {
          throw notRedirected(family, port, thrown);
        }
        logger.with({ attempt: `${attempt}/${retries + 1}` }).info(
          `not redirected yet: ${errorText(thrown)}`,
        );
        await delay(thrown instanceof Refused ? Math.min(pauseMs, REFUSAL_PAUSE_MS) : pauseMs);
      }
    }
  } finally {
    listener.close();
    await served;
  }
}

function listen(hostname: string, port: number): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (cause) {
    throw new KumaError(
      "KUMA-TP-026",
      `cannot listen on ${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}: ${
        errorText(cause)
      }`,
      { hint: "the validator must run before kuma-dp listens there", cause },
    );
  }
}

/** Greets every connection and closes it; ends when the listener is closed. */
async function serve(listener: Deno.TcpListener, greeting: Uint8Array): Promise<void> {
  for await (const connection of listener) {
    try {
      await connection.write(greeting);
    } catch (thrown) {
      // The client may be gone already: its try then fails by itself and says why.
      if (
        !(thrown instanceof Deno.errors.BrokenPipe || thrown instanceof Deno.errors.ConnectionReset)
      ) {
        throw thrown;
      }
    } finally {
      connection.close();
    }
  }
}

/** One connection from the local to the passthrough address, at a random port from 20000 to 29999. */
function probe(family: Family, timeoutMs: number): Promise<void> {
  const { local, passthrough } = ADDRESSES[family];
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  return new Promise((resolve, reject) => {
    let answer = "";
    // With a local address given, the runtime tells of an error only after the close.
    let reason: Error = new Refused("the connection was refused");
    const socket = connect({ host: passthrough, port, localAddress: local });
    const timer = after(timeoutMs, () => {
      reason = new Error(`no answer within ${timeoutMs} ms`);
      socket.destroy();
    });
    socket.on(
      "connect",
      () => reason = new Error("the connection was answered by another program"),
    );
    socket.on("data", (bytes) => answer += new TextDecoder().decode(bytes));
    socket.on("error", (error) => {
      timer[Symbol.dispose]();
      reject(/ECONNREFUSED/.test(error.message) ? new Refused(error.message) : error);
    });
    socket.on("close", () => {
      timer[Symbol.dispose]();
      if (answer === local) resolve();
      else reject(reason);
    });
  });
}

function notRedirected(family: Family, port: number, cause: unknown): KumaError {
  return new KumaError(
    "KUMA-TP-025",
    `${family === "ipv4" ? "IPv4" : "IPv6"} connections to ${
      ADDRESSES[family].passthrough
    } do not arrive at port ${port}: ${errorText(cause)}`,
    { cause },
  );
}
