/**
 * A file that a person names, as text.
 *
 * @module
 */
import { type ErrorCode, errorText, KumaError } from "core/errors.ts";
import type { Io } from "./io.ts";

/**
 * Reads it, or standard input for `-`; of at most so many bytes.
 *
 * @throws {KumaError} `code`, naming the file: it cannot be read, is too long, or is no UTF-8.
 */
export async function readText(
  io: Pick<Io, "read">,
  path: string,
  { limit, code }: { limit: number; code: ErrorCode },
): Promise<string> {
  try {
    const bytes = await io.read(path, limit);
    if (bytes.length > limit) throw new RangeError(`it has over ${limit} bytes`);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new KumaError(code, `${path}: ${errorText(cause)}`, { cause });
  }
}
