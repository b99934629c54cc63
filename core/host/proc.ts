import { close, ERRNO, errnoText, isAbsence, openReadOnly, read } from "./libc.ts";

/** Larger than any file of /proc that is read here; a bound for what is not. */
const MAX_BYTES = 4 * 1024 * 1024;
/** For all files one after the other: what is read is text before the next call. */
const buffer = new Uint8Array(16 * 1024);

/**
 * Text of a file below /proc, read through the C library: the runtime opens nothing there for a program
 * that was not compiled with every permission, whatever `--allow-read` says.
 *
 * @throws {Deno.errors.NotFound} nothing is at `path`.
 * @throws {Deno.errors.PermissionDenied} the kernel does not let this process read it.
 */
export function readProcFile(path: string): string {
  const text = textOf(path);
  if (typeof text === "number") throw failure(path, text);
  return text;
}

/** The same of what may not be there: undefined then, without the cost of an error that nobody sees. */
export function readProcFileIfThere(path: string): string | undefined {
  const text = textOf(path);
  if (typeof text === "string") return text;
  if (isAbsence(text)) return undefined;
  throw failure(path, text);
}

/** The text, or the negative errno. */
function textOf(path: string): string | number {
  const fd = openReadOnly(path);
  if (fd < 0) return fd;
  try {
    const decoder = new TextDecoder();
    let text = "", filled = 0;
    for (let total = 0; total < MAX_BYTES;) {
      const count = read(fd, buffer.subarray(filled));
      if (count < 0) return count;
      if (count === 0) break;
      total += count;
      filled += count;
      if (filled < buffer.length) continue;
      text += decoder.decode(buffer, { stream: true });
      filled = 0;
    }
    return text + decoder.decode(buffer.subarray(0, filled));
  } finally {
    close(fd);
  }
}

function failure(path: string, errno: number): Error {
  const message = `cannot read "${path}": ${errnoText(errno)}`;
  switch (errno) {
    case -ERRNO.ENOENT:
      return new Deno.errors.NotFound(message);
    case -ERRNO.EACCES:
    case -ERRNO.EPERM:
      return new Deno.errors.PermissionDenied(message);
    default:
      return new Error(message);
  }
}
