/**
 * The mount table of a process, as proc_pid_mountinfo(5) has it.
 *
 * @module
 */

/** One mount. */
export interface Mount {
  /** Where it is, with escapes undone. */
  readonly path: string;
  /** Type of the file system: `cgroup2`, `bpf`. */
  readonly type: string;
}

/** Reads the text of /proc/PID/mountinfo; lines that are none are left out. */
export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    // Optional fields stand before the dash, so what follows has no fixed place.
    const [left = "", right] = line.split(" - ");
    const path = left.split(" ")[4], type = right?.split(" ")[0];
    return path === undefined || type === undefined ? [] : [{ path: unescaped(path), type }];
  });
}

/**
 * Where control groups of version 2 are for who says `path`: there, where a mount is at it; else the first mount
 * below it, as `unified` is on hybrid machines; else the first of all.
 */
export function cgroup2Mount(mounts: readonly Mount[], path: string): string | undefined {
  const found = mounts.filter(({ type }) => type === "cgroup2").map((mount) => mount.path);
  const base = path.replace(/\/+$/, "");
  return found.find((one) => one === base) ?? found.find((one) => one.startsWith(`${base}/`)) ??
    found[0];
}

function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}
