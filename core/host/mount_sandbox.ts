/**
 * A private mount namespace in which some files are covered by others. In it the iptables tools find no
 * name service: `-m owner` makes some of
 * them call getpwnam, which on hosts with OS Login or LDAP costs 30 to 60 s a pod, asked from a network
 * namespace that reaches no server. With /dev/null over /etc/nsswitch.conf only local files are asked.
 *
 * @module
 */
import { isFile } from "./presence.ts";
import { errnoText, mount, unshare } from "./libc.ts";

const CLONE_NEWNS = 0x00020000;
const MS_RDONLY = 1, MS_REMOUNT = 1 << 5, MS_BIND = 1 << 12, MS_REC = 1 << 14;
const MS_PRIVATE = 1 << 18, MS_SLAVE = 1 << 19;

/** What became of the sandbox; `reason` says in words why there is none. */
export type SandboxOutcome = { readonly ok: true } | {
  readonly ok: false;
  readonly reason: string;
};

/** What lies over which file: `{ target: source }`. */
export type Covers = Readonly<Record<string, string>>;

/** No name service is asked. */
export const NO_NAME_SERVICE: Covers = { "/etc/nsswitch.conf": "/dev/null" };

/**
 * In a pod, legacy iptables locks the pod's network namespace and not the node's file, which any program of
 * the node may hold. Newer releases can be told so by XTABLES_LOCKFILE; this is for those before 1.8.6.
 */
export const OWN_LOCK: Covers = { "/run/xtables.lock": "/proc/self/ns/net" };

/**
 * Gives the main thread, and its later children, a private mount namespace with the covers. Never throws:
 * without the sandbox the rules are the same, only perhaps slow.
 *
 * @param covers A file that does not exist needs no cover.
 */
export function enterMountSandbox(covers: Covers = NO_NAME_SERVICE): SandboxOutcome {
  try {
    const due = Object.entries(covers).filter(([target]) => isFile(target));
    if (due.length === 0) return { ok: true };
    const result = unshare(CLONE_NEWNS);
    if (result < 0) return failed("unshare of the mount namespace", result);
    return coverFiles(due);
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function coverFiles(
  covers: readonly (readonly [target: string, source: string])[],
): SandboxOutcome {
  // Without this, the bind would propagate to the host, whose mounts are shared by default (systemd).
  let result = mount("none", "/", "none", MS_REC | MS_PRIVATE);
  // Bottlerocket's SELinux policy refuses private and allows slave, which is enough: nothing goes up.
  if (result < 0) result = mount("none", "/", "none", MS_REC | MS_SLAVE);
  if (result < 0) return failed('remount of "/" as private or slave', result);
  for (const [target, source] of covers) {
    result = mount(source, target, "none", MS_BIND);
    if (result < 0) return failed(`bind mount over "${target}"`, result);
    // A bind takes no other flag at first; read-only needs the second call. The cover works without it.
    mount(source, target, "none", MS_BIND | MS_REMOUNT | MS_RDONLY);
  }
  return { ok: true };
}

function failed(what: string, result: number): SandboxOutcome {
  return { ok: false, reason: `${what}: ${errnoText(result)}` };
}
