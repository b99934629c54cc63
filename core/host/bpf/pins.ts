/**
 * What we keep in a BPF file system, and where: all of it in one folder, so that leaving is removing it.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { LAYOUT_VERSION } from "core/bpf/layout.ts";
import { cString } from "../c_library.ts";
import { close, ERRNO, errnoText } from "../libc.ts";
import { libbpf } from "./libbpf.ts";

/** Paths of the pinned maps and links below a BPF file system. */
export class Pins {
  readonly root: string;
  readonly maps: string;
  readonly links: string;
  readonly pods: string;

  /** @param bpffs where the file system is mounted, such as /sys/fs/bpf. */
  constructor(readonly bpffs: string) {
    this.root = `${bpffs}/kuma`;
    this.maps = `${this.root}/v${LAYOUT_VERSION}`;
    this.links = `${this.root}/links`;
    this.pods = `${this.root}/pods`;
  }

  /** Path of a map of this version. */
  map(name: string): string {
    return `${this.maps}/${name}`;
  }

  /** Path of the link of a program of the node. */
  link(program: string): string {
    return `${this.links}/${program}`;
  }

  /** Path of a pod's link. */
  podLink(netns: bigint, program: string): string {
    return `${this.pods}/${netns}-${program}`;
  }

  /** Makes the folders. */
  create(): void {
    for (const folder of [this.root, this.maps, this.links, this.pods]) {
      Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
  }
}

/**
 * Pins a map or link.
 *
 * @throws {KumaError} `KUMA-BPF-014` with what the kernel says.
 */
export function pin(fd: number, path: string): void {
  const result = libbpf().bpf_obj_pin(fd, cString(path));
  if (result >= 0) return;
  throw new KumaError("KUMA-BPF-014", `cannot pin ${path}: ${errnoText(result)}`, {
    hint: "the folder must be in a mounted file system of type bpf",
  });
}

/** Removes a pin; what is not there is fine. A pinned link that nobody else has open is detached by that. */
export function unpin(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Attaches a program by a link that is pinned at `path`. Where one is pinned, the program takes the place of its
 * former one, and no moment is without; where that link's target is gone, a new one is made.
 *
 * @param target descriptor of a cgroup's folder or of a network namespace
 * @param attachType `enum bpf_attach_type`
 * @throws {KumaError} `KUMA-BPF-015` with what the kernel says.
 */
export function attachPinned(
  program: number,
  target: number,
  attachType: number,
  path: string,
): void {
  const existing = libbpf().bpf_obj_get(cString(path));
  if (existing >= 0) {
    const updated = libbpf().bpf_link_update(existing, program, null);
    close(existing);
    if (updated >= 0) return;
    if (updated !== -ENOLINK) throw refused(path, updated);
    unpin(path);
  } else if (existing !== -ERRNO.ENOENT) throw refused(path, existing);
  const link = libbpf().bpf_link_create(program, target, attachType, null);
  if (link < 0) throw refused(path, link);
  try {
    pin(link, path);
  } finally {
    close(link);
  }
}

const ENOLINK = 67;

function refused(path: string, result: number): KumaError {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return new KumaError(
    "KUMA-BPF-015",
    `cannot attach the program ${name}: ${errnoText(result)}`,
    result === -ERRNO.EPERM
      ? {
        hint:
          "a foreign program is attached exclusively, or capabilities lack: see bpftool cgroup tree",
      }
      : {},
  );
}
