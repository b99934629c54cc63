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

/** Reads a body of at most `limit` bytes of valid UTF-8 within `timeoutMs`. */
export async function readBody(
  request: Request,
  limit: number = MAX_BODY,
  timeoutMs: number = BODY_MS,
): Promise<Body> {
  const tooLong = { status: 413, why: `the body is longer than ${limit} bytes` };
  if (Number(request.headers.get("content-length") ?? 0) > limit) return tooLong;
  if (request.body === null) return { text: "" };
  const reader = request.body.getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    // Resolves a pending read as the end; the connection's own end may have come first.
    void reader.cancel().catch(() => undefined);
  }, timeoutMs);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (late) return { status: 408, why: `the body did not come within ${timeoutMs} ms` };
      if (done) break;
      size += value.length;
      if (size > limit) {
        await reader.cancel();
        return tooLong;
      }
      chunks.push(value);
    }
  } catch {
    return { status: 400, why: "the body ended early" };
  } finally {
    clearTimeout(timer);
  }
  try {
    return { text: decoder.decode(chunks.length === 1 ? chunks[0] : joined(chunks, size)) };
  } catch {
    return { status: 400, why: "the body is not UTF-8" };
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
