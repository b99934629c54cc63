/**
 * Bodies of `fetch` that can be aborted for as long as somebody reads them.
 *
 * @module
 */

/** Each answer, for as long as somebody has its body. */
const ALIVE = new WeakMap<ReadableStream<Uint8Array>, Response>();

/**
 * Keeps the answer together with its body. Deno 2.7.11 forgets who may abort a body once the garbage collector has
 * taken the answer itself: a watch whose signal fires, or which falls silent, was then read for ever.
 */
export function abortable(response: Response): Response {
  if (response.body !== null) ALIVE.set(response.body, response);
  return response;
}
