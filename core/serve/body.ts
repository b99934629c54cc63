/**
 * Reading a request's body within limits.
 *
 * @module
 */

/**
 * Most bytes of a body. The API server takes objects of 3 MiB; an update carries two, and JSON escapes
 * make them longer.
 */
export const MAX_BODY = 8 * 1024 * 1024;
const BODY_MS = 20_000;

/** What became of a body: its text, or the status to answer with and why. */
export type Body = { readonly text: string } | { readonly status: number; readonly why: string };

/** The first buffer for a body whose length was not announced. */
const FIRST_BUFFER = 64 * 1024;

/** Reads a body of at most `limit` bytes of valid UTF-8 within `timeoutMs`. */
export async function readBody(
  request: Request,
  limit: number = MAX_BODY,
  timeoutMs: number = BODY_MS,
): Promise<Body> {
  const tooLong = { status: 413, why: `the body is longer than ${limit} bytes` };
  const announced = Number(request.headers.get("content-length") ?? NaN);
  if (announced > limit) return tooLong;
  if (request.body === null) return { text: "" };
  // Into a buffer of our own: for each read the runtime would take 64 KiB, and each body takes two reads.
  const reader = request.body.getReader({ mode: "byob" });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    // Resolves a pending read as the end; the connection's own end may have come first.
    void reader.cancel().catch(() => undefined);
  }, timeoutMs);
  // One byte more than there should be: the end is seen without another buffer.
  let buffer = new Uint8Array(announced >= 0 ? announced + 1 : FIRST_BUFFER);
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read(buffer.subarray(size));
      if (late) return { status: 408, why: `the body did not come within ${timeoutMs} ms` };
      // The buffer was handed over to the reader and comes back with what it read.
      if (value !== undefined) buffer = new Uint8Array(value.buffer);
      if (done) break;
      size += value.length;
      if (size > limit) {
        await reader.cancel();
        return tooLong;
      }
      if (size === buffer.length) buffer = longer(buffer);
    }
  } catch {
    return { status: 400, why: "the body ended early" };
  } finally {
    clearTimeout(timer);
  }
  try {
    return { text: decoder.decode(buffer.subarray(0, size)) };
  } catch {
    return { status: 400, why: "the body is not UTF-8" };
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function longer(full: Uint8Array): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(2 * full.length);
  next.set(full);
  return next;
}
