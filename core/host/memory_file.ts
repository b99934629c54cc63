/**
 * A file that a child can open by its name and that is on no disk: nothing has to be writable, nobody else can
 * put something else in its place, and it is gone with this process at the latest.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { close, errnoText, memoryFile, write } from "./libc.ts";

/**
 * Runs `work` with the path of a file that holds `text`. Children of the same user can open it by that path while
 * `work` runs, as often as they like.
 *
 * @param name what the file is called in /proc, for who looks there
 * @throws {KumaError} `KUMA-HOST-115` where the kernel gives no memory for it.
 */
export async function withMemoryFile<T>(
  name: string,
  text: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const fd = memoryFile(name);
  if (fd < 0) throw refused(fd);
  try {
    let rest = new TextEncoder().encode(text);
    while (rest.length > 0) {
      const written = write(fd, rest);
      if (written <= 0) throw refused(written);
      rest = rest.subarray(written);
    }
    // Which number this process has there is for /proc to say: it may be that of another PID namespace.
    return await work(`/proc/${Deno.readLinkSync("/proc/self")}/fd/${fd}`);
  } finally {
    close(fd);
  }
}

function refused(errno: number): KumaError {
  return new KumaError("KUMA-HOST-115", `a file in memory cannot be made: ${errnoText(errno)}`);
}
