/**
 * Writing to streams and files whole.
 *
 * @module
 */

/** The part of a stream or file that is written to. */
export interface Sink {
  /** Takes a first part of the bytes, at least one of them, and gives the number of those taken. */
  writeSync(bytes: Uint8Array): number;
}

/**
 * Writes all of `content`, text as UTF-8. One write may take a part alone, as into a pipe that is nearly full
 * (write(2)).
 *
 * @throws what the stream throws: {@linkcode Deno.errors.BrokenPipe} where its reader has gone
 */
export function writeAll(to: Sink, content: string | Uint8Array): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
}

/** A connection or file that is written to without standing still. */
export interface AsyncSink {
  /** Takes a first part of the bytes, at least one of them, and gives the number of those taken. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes all of `bytes`, as {@linkcode writeAll} does, and throws the same; what they hold must not change meanwhile. */
export async function writeAllTo(to: AsyncSink, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}
