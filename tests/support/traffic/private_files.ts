import { mount, unshare } from "core/host/libc.ts";

const CLONE_NEWNS = 0x20000;
const ENOENT = 2;
const MS_BIND = 0x1000, MS_REC = 0x4000, MS_PRIVATE = 0x40000;

let isolated = false;

/**
 * Gives this process, and the children it starts from now on, private versions of system files: a
 * `kuma-dp` in /etc/passwd, other servers in /etc/resolv.conf. The machine's own files stay untouched,
 * and when the process ends, however it ends, nothing is left. Only synchronous file calls of this
 * process see them.
 *
 * The first call moves the calling thread into a mount namespace of its own, so network namespaces that
 * are added afterwards are also seen by this process and its children alone.
 *
 * @param files path to new text; the paths must exist.
 */
export function usePrivateFiles(files: Readonly<Record<string, string>>): void {
  if (!isolated) {
    succeed("unshare", unshare(CLONE_NEWNS));
    succeed("make mounts private", mount("none", "/", "", MS_REC | MS_PRIVATE));
    isolated = true;
  }
  for (const [path, text] of Object.entries(files)) {
    const copy = Deno.makeTempFileSync({ prefix: "kuma-private-" });
    Deno.writeTextFileSync(copy, text);
    Deno.chmodSync(copy, 0o644);
    succeed(`bind ${path}`, cover(copy, Deno.realPathSync(path)));
    // The mount keeps the file alive; its name is no longer needed.
    Deno.removeSync(copy);
  }
}

/**
 * Binds one file over another. Where an earlier test file of this process has covered it, that cover has no name any more,
 * and nothing can be bound over it: it goes first.
 */
function cover(copy: string, path: string): number {
  const result = mount(copy, path, "", MS_BIND);
  if (result !== -ENOENT) return result;
  // A child is in the mount namespace of the thread that starts it.
  new Deno.Command("umount", { args: ["--lazy", path] }).outputSync();
  return mount(copy, path, "", MS_BIND);
}

/** Lines of /etc/passwd for a root user, an application user (1000) and kuma-dp. */
export function passwdWith(kumaDp: { name: string; uid: number }): string {
  return [
    "root:x:0:0:root:/root:/usr/sbin/nologin",
    "app:x:1000:1000::/nonexistent:/usr/sbin/nologin",
    `${kumaDp.name}:x:${kumaDp.uid}:${kumaDp.uid}::/nonexistent:/usr/sbin/nologin`,
    "",
  ].join("\n");
}

function succeed(what: string, result: number): void {
  if (result < 0) throw new Error(`${what} failed: errno ${-result}; run as root`);
}
