/**
 * Starting the runtime's cryptography before the first TLS connection needs it.
 *
 * Its random number generator gathers entropy from timing jitter when it is first used: 24 ms of pure
 * computing, measured with Deno 2.7.11, which is nearly all of a first `fetch` over HTTPS (31 ms, later
 * ones 3 ms). Asked for a key, the runtime does that on a thread of its own, while the main one goes on.
 *
 * @module
 */

/** Begins in the background; the caller goes on. A later connection is as slow as before if it fails. */
export function startTls(): void {
  crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt"])
    .catch(() => {/* What is broken here is broken in the handshake too, which says so. */});
}
