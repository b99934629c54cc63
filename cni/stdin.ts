/**
 * Reading the configuration.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

/** Most bytes taken: far above any configuration, GC's list of a full node's attachments included. */
export const MAX_STDIN = 8 * 1024 * 1024;

/**
 * All of standard input as text.
 *
 * @throws {KumaError} `KUMA-CNI-002` it is longer than {@linkcode MAX_STDIN}, or not UTF-8.
 */
export function readStdin(read: (buffer: Uint8Array) => number | null): string {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const buffer = new Uint8Array(64 * 1024);
    const count = read(buffer);
    if (count === null || count === 0) break;
    size += count;
    if (size > MAX_STDIN) {
      throw new KumaError(
        "KUMA-CNI-002",
        `the network configuration on stdin is longer than ${MAX_STDIN} bytes`,
      );
    }
    chunks.push(buffer.subarray(0, count));
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new KumaError(
      "KUMA-CNI-002",
      "the network configuration on stdin is not UTF-8 text",
    );
  }
}
