/**
 * Pinned links: a program at a cgroup or network namespace, for as long as the pin is there.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { delay } from "core/time/clock.ts";
import { cString } from "../c_library.ts";
import { close, ERRNO, errnoText } from "../libc.ts";
import { removeEntry, renameEntry } from "./bpffs.ts";
import { libbpf } from "./libbpf.ts";
import { pin } from "./pins.ts";

/** What the kernel says of a link. */
export interface LinkInfo {
  readonly id: number;
  readonly programId: number;
  /** Id of the cgroup, or inode of the network namespace; 0 where that is gone. */
  readonly target: bigint;
}

/** Something that programs are attached to. */
export interface Target {
  /** A descriptor of it. */
  readonly fd: number;
  /** As {@linkcode LinkInfo} names it: the inode of the cgroup's folder, or of the namespace. */
  readonly id: bigint;
}

const INFO_BYTES = 48;
/** `enum bpf_link_type` */
const CGROUP = 3;
const ENOLINK = 67;

/**
 * What is known of the link that is pinned at `path`; undefined where none is.
 *
 * @throws {KumaError} `KUMA-BPF-015` where what is there cannot be opened.
 */
export function pinnedLink(path: string): LinkInfo | undefined {
  const fd = libbpf().bpf_obj_get(cString(path));
  if (fd === -ERRNO.ENOENT) return undefined;
  if (fd < 0) throw refused("open", path, fd);
  try {
    return linkInfo(fd, path);
  } finally {
    close(fd);
  }
}

/**
 * Attaches a program by a link that is pinned at `path`. Where one is pinned for the same target, the program takes the
 * place of its former one, and no moment is without; where it is for another target, or its target is gone, a new link
 * takes its place.
 *
 * @param attachType `enum bpf_attach_type`
 * @throws {KumaError} `KUMA-BPF-015` with what the kernel says.
 */
export function attachPinned(
  program: number,
  target: Target,
  attachType: number,
  path: string,
): void {
  const existing = libbpf().bpf_obj_get(cString(path));
  if (existing >= 0) {
    try {
      if (linkInfo(existing, path).target === target.id) {
        const updated = libbpf().bpf_link_update(existing, program, null);
        if (updated >= 0) return;
        if (updated !== -ENOLINK) throw refused("replace", path, updated);
      }
    } finally {
      close(existing);
    }
  } else if (existing !== -ERRNO.ENOENT) throw refused("open", path, existing);
  const link = libbpf().bpf_link_create(program, target.fd, attachType, null);
  if (link < 0) throw refused("attach", path, link);
  try {
    // A rename takes the former one's place: at the new target, nothing is missed.
    const beside = `${path}${BESIDE}`;
    removeEntry(beside);
    pin(link, beside);
    renameEntry(beside, path);
  } finally {
    close(link);
  }
}

/** What the name of a pin ends with that was not put in its place yet. */
const BESIDE = "-new";

/**
 * Waits until the kernel has let go of links whose pins were removed: it does so a moment later.
 *
 * @throws {KumaError} `KUMA-BPF-015` where somebody else still holds one.
 */
export async function untilDetached(links: readonly LinkInfo[], limitMs = 5000): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const left = links.filter(({ id }) => exists(id));
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      throw new KumaError(
        "KUMA-BPF-015",
        `links are still attached, since another process holds them: ${
          left.map(({ id }) => id).join(", ")
        }`,
        { hint: "'bpftool link' shows which process: end it" },
      );
    }
    await delay(5);
  }
}

function exists(id: number): boolean {
  const fd = libbpf().bpf_link_get_fd_by_id(id);
  if (fd === -ERRNO.ENOENT) return false;
  if (fd < 0) throw refused("look at", `link ${id}`, fd);
  close(fd);
  return true;
}

/** struct bpf_link_info: type, id, program, and what its type says. */
function linkInfo(fd: number, path: string): LinkInfo {
  const info = new Uint8Array(INFO_BYTES);
  const length = Uint8Array.of(INFO_BYTES, 0, 0, 0);
  const result = libbpf().bpf_obj_get_info_by_fd(fd, info, length);
  if (result < 0) throw refused("look at", path, result);
  const view = new DataView(info.buffer);
  return {
    id: view.getUint32(4, true),
    programId: view.getUint32(8, true),
    target: view.getUint32(0, true) === CGROUP
      ? view.getBigUint64(16, true)
      : BigInt(view.getUint32(16, true)),
  };
}

function refused(what: string, path: string, result: number): KumaError {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return new KumaError(
    "KUMA-BPF-015",
    `cannot ${what} the program ${name}: ${errnoText(result)}`,
    result === -ERRNO.EPERM
      ? {
        hint:
          "a foreign program is attached exclusively, or capabilities lack: see bpftool cgroup tree",
      }
      : {},
  );
}
