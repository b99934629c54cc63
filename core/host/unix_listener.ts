/**
 * Unix sockets with a path that others look for.
 *
 * @module
 */
import { removeIfThere } from "./atomic_file.ts";

/** Longest path of a Unix socket, in bytes: `sun_path` of unix(7) without its NUL. */
const LONGEST_PATH = 107;
/** What the name has behind it until it is there. */
const UNFINISHED = ".new";

/**
 * Listens at `path`, for root only, in place of whoever has listened there before.
 *
 * The runtime removes a listener's path some time after the listener was closed, whatever is there by then. So the socket
 * is made under another name, which is all that it can remove; and nobody finds it before only root may connect.
 *
 * @throws {RangeError} the path is too long for a socket; else what the runtime throws
 */
export function listenAt(path: string): Deno.UnixListener {
  const unfinished = `${path}${UNFINISHED}`;
  if (new TextEncoder().encode(unfinished).length > LONGEST_PATH) {
    throw new RangeError(`the path "${path}" is too long for a socket`);
  }
  removeIfThere(unfinished);
  const listener = Deno.listen({ transport: "unix", path: unfinished });
  try {
    Deno.chmodSync(unfinished, 0o600);
    Deno.renameSync(unfinished, path);
    return listener;
  } catch (error) {
    listener.close();
    throw error;
  }
}
