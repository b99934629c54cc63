/**
 * The folder of the HTTP server's socket: made, and those that killed programs left swept away. A pod's
 * emptyDir outlives its containers: without that, each restart would leave one more.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";

/** Where it may be: a container's root may be read-only, its shared memory never is. */
export const PARENTS: readonly string[] = ["/tmp", "/dev/shm"];
const PREFIX = "kuma-webhook-";
const SOCKET = "http.sock";
/** Younger ones may belong to a program that does not listen yet. */
const SETTLED_MS = 60_000;

/** Path of the socket in a folder. */
export function socketIn(folder: string): string {
  return `${folder}/${SOCKET}`;
}

/**
 * Makes a folder that nobody else may enter and gives it to `use`, where the next parent is tried when that
 * throws. Throws `KUMA-WH-024` with the first reason where none will do.
 */
export function inSocketFolder<T>(
  use: (folder: string) => T,
  parents: readonly string[] = PARENTS,
): T {
  let cause: unknown;
  for (const dir of parents) {
    let folder: string | undefined;
    try {
      folder = Deno.makeTempDirSync({ dir, prefix: PREFIX }); // mode 0700
      return use(folder);
    } catch (thrown) {
      cause ??= thrown;
      if (folder !== undefined) Deno.removeSync(folder, { recursive: true });
    }
  }
  throw new KumaError("KUMA-WH-024", `Cannot make a socket: ${errorText(cause)}`, {
    cause,
    hint: `mount a folder that can be written at ${parents.join(" or ")}`,
  });
}

/**
 * Removes the folders beside `own` that a program of the same user left: those of the name that we give,
 * with nothing in them but a socket on which nobody listens. Process numbers would tell nothing: in a
 * container each program has the same. Rejects where the parent cannot be read.
 */
export async function sweepBeside(own: string, now: number = Date.now()): Promise<void> {
  const parent = own.slice(0, own.lastIndexOf("/"));
  const { uid } = await Deno.lstat(own);
  for await (const { name } of Deno.readDir(parent)) {
    const folder = `${parent}/${name}`;
    if (!name.startsWith(PREFIX) || folder === own) continue;
    try {
      // Not through a link; and what others may write in is not what we made.
      const found = await Deno.lstat(folder);
      const isOurs = found.isDirectory && found.uid === uid &&
        ((found.mode ?? 0) & 0o777) === 0o700;
      const isSettled = now - (found.mtime?.getTime() ?? now) > SETTLED_MS;
      if (isOurs && isSettled && await isAbandoned(folder)) await remove(folder);
    } catch {
      // Swept by another replica, or not to be looked at: there will be another start.
    }
  }
}

/** Whether nobody answers at the socket of a folder that has nothing else in it. */
async function isAbandoned(folder: string): Promise<boolean> {
  for await (const { name } of Deno.readDir(folder)) if (name !== SOCKET) return false;
  try {
    (await Deno.connect({ transport: "unix", path: socketIn(folder) })).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.NotFound;
  }
}

/** Never more than what was looked at: a folder that has got something else stays. */
async function remove(folder: string): Promise<void> {
  try {
    await Deno.remove(socketIn(folder));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await Deno.remove(folder);
}
